import test from "ava";
import { kerasModels, thereAndBack } from "./keras.js";

test("models that Keras saved come with the same outputs, train, and go back with the same outputs", async (t) => {
  t.timeout(5 * 60_000);
  const keras = kerasModels("jax");
  try {
    for (const file of ["conv.keras", "graph.keras"]) await thereAndBack(t, keras, file);
  } finally {
    keras.close();
  }
});
