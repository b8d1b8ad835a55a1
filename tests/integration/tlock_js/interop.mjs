// Opens and makes time-locked files with tlock-js, offline: the chain is a recorded one, and so are its rounds.
// Usage: node interop.mjs job.json answer.json

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import tlock from "tlock-js";

console.log = console.error; // tlock-js prints each round that it gets

function client({ info, round, signature }) {
  const randomness = createHash("sha256").update(Buffer.from(signature, "hex")).digest("hex");
  return {
    options: { disableBeaconVerification: false, noCache: false },
    chain: () => ({ baseUrl: "", info: async () => info }),
    get: async (number) => {
      if (number !== round) throw new Error(`round ${number} is not recorded`);
      return { round, randomness, signature };
    },
  };
}

async function answer(task) {
  const chain = client(task);
  const made = await tlock.timelockEncrypt(task.round, Buffer.from(task.plaintext, "hex"), chain);
  const opened = [];
  for (const armored of task.armored) {
    opened.push((await tlock.timelockDecrypt(armored, chain)).toString("hex"));
  }
  return { made, opened };
}

const [, , jobFile, answerFile] = process.argv;
const tasks = JSON.parse(await readFile(jobFile, "utf8"));
const answers = [];
for (const task of tasks) answers.push(await answer(task));
await writeFile(answerFile, JSON.stringify(answers));
