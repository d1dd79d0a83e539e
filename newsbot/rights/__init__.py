"""What sites and answers declare on the use of their content. Pure: imports nothing of newsbot.

A statement never forbids a crawl. Only ``Disallow`` in robots.txt does. Statements are JSON values:

| key | vocabulary | value |
|---|---|---|
| ``content_usage`` | Content-Usage (IETF AIPREF) | category -> ``y`` or ``n`` |
| ``content_signal`` | Content-Signal (Cloudflare) | signal -> its value, ``yes`` or ``no`` |
| ``tdm_reservation``, ``tdm_policy`` | TDMRep (W3C community group) | 1 or 0; a URL |
| ``robots`` | ``X-Robots-Tag`` and ``<meta name=robots>`` | the words that restrict a use |
| ``rsl`` | Really Simple Licensing | URLs of licences that newsbot does not read |
| ``licenses`` | ``rel=license``, JSON-LD ``license`` | URLs |
"""
