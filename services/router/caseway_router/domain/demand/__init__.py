"""When a case needs somebody, and whom: the edge's story.

The edge sees what happens to cases, not who works on them: it states each need, and the pool, which knows, takes a
need that is served already for what it is. So a customer's reply to a case that an agent holds changes nothing.
"""
