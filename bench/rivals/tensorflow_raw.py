"""The benchmark's models in TensorFlow with one thread: one tf.function of plain operations a step. Plain SGD, mean
cross-entropy; no Keras, no optimizer object: the fastest that TensorFlow does of itself."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import tensorflow as tf  # noqa: E402  quiet from its first line

from side import DIFFERENT, mnist, serve  # noqa: E402

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


def batch_of(name, batch, shape, number):
    if name == "mlp-noise":
        return tf.random.uniform((batch, *shape), -1, 1), tf.random.uniform((batch,), 0, 10, tf.int32)
    x, y = mnist(batch, number)
    return tf.constant(x.reshape(batch, *shape)), tf.constant(y, tf.int32)


def trainer(name, batch):
    v, forward, shape = MODELS[name.split("-")[0]]()

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, forward(x)))
        for variable, gradient in zip(v, tape.gradient(loss, v)):
            tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=RATE, delta=gradient)
        return loss

    data = [batch_of(name, batch, shape, i) for i in range(DIFFERENT)]

    def train():
        for x, y in data:
            loss = step(x, y)
        loss.numpy()  # waits for what was only asked for

    return train


serve(tf.__version__, trainer)
