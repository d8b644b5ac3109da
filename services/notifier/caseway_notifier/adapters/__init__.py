"""Templates, mail, SMTP and the senders' loops."""
