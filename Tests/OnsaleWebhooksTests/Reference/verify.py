"""Reads deliveries, one JSON object a line, and says of each whether the specification's own library takes it."""

import base64
import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

for line in sys.stdin:
    delivery = json.loads(line)
    try:
        Webhook(delivery["secret"]).verify(base64.b64decode(delivery["body"]), delivery["headers"])
        print("taken")
    except WebhookVerificationError:
        print("refused")
