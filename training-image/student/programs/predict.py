import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

folder = Path(__file__).parent
px = json.loads((folder / 'student.json').read_text(encoding='utf-8'))['input']['px']
labels = (folder / 'labels.txt').read_text(encoding='utf-8').rstrip('\n').split('\n')
student = tf.saved_model.load(str(folder / 'saved_model')).signatures['serving_default']

for path in sys.argv[1:]:
    image = ImageOps.exif_transpose(Image.open(path)).convert('RGBA')
    image = Image.alpha_composite(Image.new('RGBA', image.size, 'white'), image).convert('RGB')
    pixels = np.asarray(image.resize((px, px), Image.Resampling.BICUBIC), dtype=np.float32)
    probabilities = student(pixels=tf.constant(pixels[np.newaxis]))['probabilities'][0].numpy()
    best = probabilities.argmax()
    print(path, labels[best], f'{probabilities[best]:.3f}')
