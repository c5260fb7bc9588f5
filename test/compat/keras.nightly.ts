import test from "ava";
import { kerasModels, thereAndBack } from "./keras.js";

test("models that Keras saved on TensorFlow go there and back", async (t) => {
  t.timeout(20 * 60_000);
  const keras = kerasModels("tensorflow");
  try {
    for (const file of ["conv.keras", "graph.keras", "conv.h5"]) await thereAndBack(t, keras, file);
  } finally {
    keras.close();
  }
});
