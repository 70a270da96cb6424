// Reads lines "expression<tab>zone<tab>milliseconds since 1970" and prints, for each, what two
// widely used packages take for the next three firings: cron-parser's, a tab, croner's; in
// milliseconds with commas between them, or "!" and why there are none.
import { createInterface } from "node:readline";
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";

const COUNT = 3;

function answer(ask) {
  try {
    return ask().map((date) => date.getTime()).join(",");
  } catch (error) {
    return "!" + String(error.message).replaceAll(/\s+/g, " ");
  }
}

const output = [];
for await (const line of createInterface({ input: process.stdin })) {
  const [expression, zone, from] = line.split("\t");
  const currentDate = new Date(Number(from));
  const parsed = answer(() => CronExpressionParser.parse(expression, { currentDate, tz: zone }).take(COUNT));
  const croner = answer(() => new Cron(expression, { timezone: zone }).nextRuns(COUNT, currentDate));
  output.push(parsed + "\t" + croner);
}
console.log(output.join("\n"));
