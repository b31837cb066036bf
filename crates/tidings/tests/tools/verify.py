"""Judges deliveries with the public `standardwebhooks` library.

Reads a JSON list of {secret, headers, body} on stdin; writes a JSON list with null for each that
verifies, and the library's complaint for each that does not.
"""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError


def complaint(receipt):
    webhook = Webhook(receipt["secret"])
    try:
        webhook.verify(receipt["body"], dict(receipt["headers"]))
    except WebhookVerificationError as error:
        return str(error)
    return None


json.dump([complaint(receipt) for receipt in json.load(sys.stdin)], sys.stdout)
