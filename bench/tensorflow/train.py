"""Trains the benchmark's models in TensorFlow with one thread, on request: one tf.function of plain operations a step.

Reads lines `model batch milliseconds`, trains for that long and answers the samples per second.
A line `peak` answers the process's peak memory in bytes. Plain SGD, mean cross-entropy: what one iteration of ours
computes before its map is made. No Keras, no optimizer object: the fastest that TensorFlow does of itself.
"""
import os
import resource
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.random.set_seed(1)
RATE = tf.constant(0.01)


def variables(*shapes):
    made = []
    for shape in shapes:
        fan_in = tf.reduce_prod(shape[:-1])
        limit = tf.sqrt(6.0 / tf.cast(fan_in + shape[-1], tf.float32))
        made += [tf.Variable(tf.random.uniform(shape, -limit, limit)), tf.Variable(tf.zeros(shape[-1:]))]
    return made


def dense(x, w, b, last=False):
    z = tf.nn.bias_add(tf.linalg.matmul(x, w), b)
    return z if last else tf.nn.relu(z)


def mlp():
    v = variables([784, 128], [128, 64], [64, 10])

    def forward(x):
        return dense(dense(dense(x, v[0], v[1]), v[2], v[3]), v[4], v[5], last=True)

    return v, forward, (784,)


def lenet():
    v = variables([5, 5, 1, 6], [5, 5, 6, 16], [400, 120], [120, 84], [84, 10])

    def convolve(x, w, b, padding):
        h = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w, 1, padding), b))
        return tf.nn.max_pool2d(h, 2, 2, "VALID")

    def forward(x):
        h = convolve(convolve(x, v[0], v[1], "SAME"), v[2], v[3], "VALID")
        h = tf.reshape(h, [-1, 400])
        return dense(dense(dense(h, v[4], v[5]), v[6], v[7]), v[8], v[9], last=True)

    return v, forward, (28, 28, 1)


MODELS = {"mlp": mlp, "lenet": lenet}
made = {}


def batch_of(name, batch, shape, number):
    if name == "mlp-noise":
        return tf.random.uniform((batch, *shape), -1, 1), tf.random.uniform((batch,), 0, 10, tf.int32)
    # The same images and labels as bench/models.ts takes.
    folder = os.environ["POUWD_MNIST"]
    x = np.fromfile(f"{folder}/train-images-idx3-ubyte", np.uint8, batch * 784, offset=16 + number * batch * 784)
    y = np.fromfile(f"{folder}/train-labels-idx1-ubyte", np.uint8, batch, offset=8 + number * batch)
    return tf.constant(x.astype(np.float32).reshape(batch, *shape) / 255), tf.constant(y.astype(np.int32))


def trainer(name, batch):
    if (name, batch) not in made:
        v, forward, shape = MODELS[name.split("-")[0]]()

        @tf.function
        def step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, forward(x)))
            for variable, gradient in zip(v, tape.gradient(loss, v)):
                tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=RATE, delta=gradient)
            return loss

        data = [batch_of(name, batch, shape, i) for i in range(64)]
        made[name, batch] = (step, data)
    return made[name, batch]


def rate(name, batch, milliseconds):
    step, data = trainer(name, batch)
    start = time.perf_counter()
    steps = 0
    while True:
        for x, y in data:
            loss = step(x, y)
        steps += len(data)
        loss.numpy()  # waits for what was only asked for
        passed = time.perf_counter() - start
        if passed * 1000 >= milliseconds:
            return batch * steps / passed


print(f"ready {tf.__version__}", flush=True)
for line in sys.stdin:
    words = line.split()
    if words == ["peak"]:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)
    else:
        print(rate(words[0], int(words[1]), float(words[2])), flush=True)
