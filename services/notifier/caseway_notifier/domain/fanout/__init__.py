"""Who is told of a fact, and what became of it.

A fact about a case teaches what answering needs (`learning`), and is held against the subscriptions (`telling`): each
recipient becomes a delivery, with the facts that say so. Whoever is not told is a fact as well, with the reason. The
senders then tell how deliveries went (`record`).
"""
