import test from "ava";
import { Outcome, Phase } from "#proto/gen/pouw.js";
import { TestChain } from "./chain.js";
import { Course, enlist, FUNDS } from "./course.js";

const chain = (params = {}) => {
  const c = new TestChain({ funds: FUNDS, params });
  enlist(c);
  return c;
};

test("a task that everybody serves ends paid, its pot divided to the unit", (t) => {
  const c = chain();
  const course = Course.submit(c).training().trained();
  t.is(course.task.phase, Phase.PHASE_SUBMISSION);
  course.scored(900_000n, 950_000n);
  t.like(course.task, { phase: Phase.PHASE_CLOSED, outcome: Outcome.OUTCOME_PAID, bestSlot: 1n, bestScore: 950_000n });
});
