/** Opinions on disk: an evaluator that is killed between commit and reveal still reveals what it committed to. */
import { join } from "node:path";
import { Database, levelKey } from "#platform/level.js";
import { MsgRevealScores } from "#proto/gen/pouw/evaluation/v1/tx.js";
import { type Opinion } from "./machine.js";

export class OpinionStore {
  private constructor(private readonly db: Database) {}

  static async open(home: string): Promise<OpinionStore> {
    return new OpinionStore(await Database.open(join(home, "data")));
  }

  async get(taskId: bigint): Promise<Opinion | undefined> {
    const bytes = await this.db.get(levelKey("v", taskId));
    return bytes && MsgRevealScores.decode(bytes);
  }

  /** On disk when the promise resolves. */
  put(taskId: bigint, opinion: Opinion): Promise<void> {
    const value = MsgRevealScores.encode(MsgRevealScores.create({ taskId, salt: opinion.salt, scores: [...opinion.scores] }));
    return this.db.write([{ key: levelKey("v", taskId), value }]);
  }

  close(): Promise<void> {
    return this.db.close();
  }
}
