"""Saves the Keras models of keras.test.ts: a convolutional one in .keras and .h5, a graph with attention, and a GRU."""
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras  # noqa: E402
from keras import layers as L  # noqa: E402

out = sys.argv[1]
keras.utils.set_random_seed(3)
conv = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        L.Conv2D(6, 3, padding="same", activation="relu"),
        L.BatchNormalization(),
        L.DepthwiseConv2D(2),
        L.MaxPooling2D(),
        L.LeakyReLU(),
        L.Dropout(0.2),
        L.Flatten(),
        L.Dense(12, activation="gelu"),
        L.Dense(3, activation="softmax"),
    ]
)
conv.save(f"{out}/conv.keras")
conv.save(f"{out}/conv.h5")

i = keras.Input((7,))
x = L.Embedding(11, 8)(i)
y = L.LayerNormalization()(x)
y = L.MultiHeadAttention(2, 4)(y, y, use_causal_mask=True)
x = L.Add()([x, y])
x = L.Concatenate()([x, L.Dense(8, activation="tanh")(x)])
x = L.LSTM(6, return_sequences=True)(x)
x = L.GRU(5, reset_after=False)(x)
keras.Model(i, L.Dense(3, activation="softmax")(x)).save(f"{out}/graph.keras")
