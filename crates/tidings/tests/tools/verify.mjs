// Judges deliveries with public libraries: those of the standard, and of vendors that sign alike.
//
// Reads a JSON list of {library, secret, headers, body} on stdin; writes a JSON list with null for
// each that verifies, and the library's complaint for each that does not.

import { readFileSync } from "node:fs";

import { Webhooks } from "@octokit/webhooks";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";

const libraries = {
  standardwebhooks({ secret, headers, body }) {
    new Webhook(secret).verify(body, headers);
  },
  stripe({ secret, headers, body }) {
    Stripe.webhooks.constructEvent(body, headers["x-varda-signature"], secret);
  },
  async octokit({ secret, headers, body }) {
    const webhooks = new Webhooks({ secret });
    if (!(await webhooks.verify(body, headers["x-dialogbrain-signature"]))) {
      throw new Error("not verified");
    }
  },
};

async function complaint(receipt) {
  try {
    const headers = Object.fromEntries(receipt.headers);
    await libraries[receipt.library]({ ...receipt, headers });
    return null;
  } catch (error) {
    return String(error);
  }
}

const receipts = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(await Promise.all(receipts.map(complaint))));
