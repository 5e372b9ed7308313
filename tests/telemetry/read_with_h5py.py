"""Can a stranger's h5py read a run? Usage: read_with_h5py.py WRITE_RUN FORMAT_PAGE

WRITE_RUN makes run.h5 and run.h5.truth; every python block of FORMAT_PAGE (docs/file-format.md) that names h5py is
then run against that file, as a reader of the page would. Prints SKIP when neither this Python nor the distribution's
(where tools/setup.sh puts them) has h5py and NumPy.
"""
import os
import re
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
except ImportError as missing:
    # The distribution's Python has the distribution's h5py; another one may come first on the path.
    system = "/usr/bin/python3"
    if os.path.exists(system) and "TL_TRIED_SYSTEM_PYTHON" not in os.environ:
        os.environ["TL_TRIED_SYSTEM_PYTHON"] = "1"
        os.execv(system, [system, *sys.argv])
    print(f"SKIP: {missing}")
    sys.exit(77)


def decode(dataset):
    values = dataset[...].astype("f8")
    if "scale_factor" not in dataset.attrs:
        return values
    missing = values == dataset.attrs["_FillValue"]
    values = values * dataset.attrs["scale_factor"] + dataset.attrs["add_offset"]
    values[missing] = np.nan
    return values


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def check_file(path):
    truth = np.fromfile(path + ".truth").reshape(200, 600, 2)
    with h5py.File(path, "r") as file:
        assert text(file.attrs["twinloop_schema"]) == "twinloop.telemetry/1"
        assert text(file.attrs["kind"]) == "run"
        fleet = file["fleets/a"]
        assert fleet["box"].dtype == "int16" and fleet["heater_on"].dtype == "uint8"
        assert text(fleet["box"].attrs["unit"]) == "K" and fleet["box"].scaleoffset is not None
        box, heater = decode(fleet["box"]), decode(fleet["heater_on"])
        assert box.shape == (200, 600)
        assert np.abs(box - truth[:, :, 0]).max() <= 0.5000001 * fleet["box"].attrs["scale_factor"]
        assert np.abs(heater - truth[:, :, 1]).max() <= 0.5000001 * fleet["heater_on"].attrs["scale_factor"]
        assert (np.diff(fleet["time_ns"][...]) == 3_000_000_000).all() and fleet["time_ns"].shape == (200,)
        assert (fleet["device"][...] == np.arange(600)).all()
        assert (decode(fleet["tail/box"])[0] == box[-1]).all()
        low, high = decode(fleet["pyramid/box_min"]), decode(fleet["pyramid/box_max"])
        factor = int(fleet["pyramid"].attrs["factor"])
        for row in range(low.shape[0]):
            part = box[row * factor:(row + 1) * factor]
            assert (part.min(axis=0) == low[row]).all() and (part.max(axis=0) == high[row]).all()
        assert file["digests/a"].shape == (20, 3) and file["digests/b"].shape == (20, 1)
        assert file["digests/root"].shape == file["digests/window_end_ns"].shape == (20,)
        events = file["events"][...]
        kinds = text(file["events"].attrs["kinds"]).split(",")
        assert len(events) == 40 and kinds[events["kind"][0]] == "fault" and events["text"][0] == b"stuck sensor"
        fixed = []
        file.visititems(lambda name, o: fixed.append(name) if isinstance(o, h5py.Dataset)
                        and h5py.check_vlen_dtype(o.dtype) else None)
        assert fixed == [], f"SWMR readers cannot read variable-length data: {fixed}"
    with h5py.File(path, "r", libver="latest", swmr=True) as file:
        assert file["fleets/a/box"].shape == (200, 600)


def run_examples(page, path):
    if not os.path.exists(page):
        print(f"SKIP: no {page}, so no example was run")
        return
    with open(page, encoding="utf-8") as file:
        blocks = re.findall(r"```python\n(.*?)```", file.read(), re.S)
    examples = [block for block in blocks if "h5py" in block]
    assert examples, f"{page} has no h5py example"
    folder = os.path.dirname(path)
    for example in examples:
        for name in set(re.findall(r"""["']([\w./-]+\.h5)["']""", example)):
            target = os.path.join(folder, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if not os.path.exists(target):
                os.link(path, target)
        subprocess.run([sys.executable, "-c", example], cwd=folder, check=True)
    print(f"{os.path.basename(page)}: {len(examples)} cases passed")


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run.h5")
        subprocess.run([sys.argv[1], path], check=True)
        check_file(path)
        run_examples(sys.argv[2], path)
    print("h5py", h5py.version.version, "reads a run")


if __name__ == "__main__":
    main()
