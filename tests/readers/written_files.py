"""Small files of devices' formats, written by each format's reference library where there is one."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

Maker = Callable[[Path], Path]
START = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC
RATE = 100.0


def waves(n: int = 1000, seed: int = 3) -> np.ndarray:
    """Two columns of something that changes: one per person."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) / RATE
    return np.column_stack([np.sin(2 * np.pi * 1.1 * t), np.cos(2 * np.pi * 1.3 * t)]) + 0.05 * rng.normal(
        size=(n, 2)
    )


def edf_plus(folder: Path, suffix: str = "edf") -> Path:
    import datetime

    import edfio

    kind, signal = (edfio.Bdf, edfio.BdfSignal) if suffix == "bdf" else (edfio.Edf, edfio.EdfSignal)
    ecg = waves()
    whole = kind(
        [
            signal(ecg[:, 0], RATE, label="ECG A", physical_dimension="mV", physical_range=(-2, 2)),
            signal(ecg[:, 1], RATE, label="ECG B", physical_dimension="mV", physical_range=(-2, 2)),
            signal(
                np.abs(ecg[::25, 0]) + 2, 4.0, label="EDA A", physical_dimension="uS", physical_range=(0, 20)
            ),
        ],
        recording=edfio.Recording(startdate=datetime.date(2023, 11, 14)),
        starttime=datetime.time(22, 13, 20),
        annotations=[edfio.EdfAnnotation(1.5, None, "talk start"), edfio.EdfAnnotation(6.0, 2.0, "pause")],
    )
    path = folder / f"two.{suffix}"
    whole.write(path)
    return path


def bdf_plus(folder: Path) -> Path:
    return edf_plus(folder, "bdf")


def _chunk(tag: int, content: bytes) -> bytes:
    body = struct.pack("<H", tag) + content
    return b"\x04" + struct.pack("<I", len(body)) + body


def _header(stream: int, name: str, kind: str, rate: float, unit: str, form: str = "double64") -> bytes:
    channel = f"<channels><channel><label>{kind if form != 'string' else ''}</label><unit>{unit}</unit></channel></channels>"
    xml = (
        f"<?xml version='1.0'?><info><name>{name}</name><type>{kind}</type><channel_count>1</channel_count>"
        f"<nominal_srate>{rate}</nominal_srate><channel_format>{form}</channel_format><source_id>{name}</source_id>"
        f"<desc>{channel if form != 'string' else ''}</desc></info>"
    )
    return _chunk(2, struct.pack("<I", stream) + xml.encode())


def _samples(stream: int, times: np.ndarray, values: np.ndarray | list[str]) -> bytes:
    rows = b""
    for t, v in zip(times, values, strict=True):
        what = (
            struct.pack("<d", v)
            if not isinstance(v, str)
            else b"\x01" + bytes([len(v.encode())]) + v.encode()
        )
        rows += b"\x08" + struct.pack("<d", t) + what
    return _chunk(3, struct.pack("<I", stream) + b"\x04" + struct.pack("<I", len(times)) + rows)


def _offset(stream: int, at: float, value: float) -> bytes:
    return _chunk(4, struct.pack("<I", stream) + struct.pack("<dd", at, value))


def xdf(folder: Path) -> Path:
    """Two sensors whose clocks are 100 s apart and 50 ppm in drift, tied by measured offsets."""
    ecg = waves(6000)
    t = np.arange(6000) / RATE
    raw = b"XDF:" + _chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>")
    raw += _header(1, "Alex_ECG", "ECG", RATE, "mV") + _header(2, "Kim_ECG", "ECG", RATE, "mV")
    raw += _header(3, "Marks", "Markers", 0.0, "", "string")
    their = 1000.0 + t * (1 + 50e-6)  # Kim's clock runs fast
    for block in range(0, 6000, 500):
        part = slice(block, block + 500)
        at = t[block]
        raw += _samples(1, 900.0 + t[part], ecg[part, 0]) + _samples(2, their[part], ecg[part, 1])
        raw += _offset(1, 900.0 + at, 0.0) + _offset(2, 1000.0 + at * (1 + 50e-6), -100.0 - 50e-6 * at)
    raw += _samples(3, np.array([905.0, 950.0]), ["talk start", "talk stop"]) + _offset(3, 900.0, 0.0)
    path = folder / "lab.xdf"
    path.write_bytes(raw)
    return path


def opensignals_eda(folder: Path) -> Path:
    about = {
        "00:07": {"sensor": ["ECG", "EDA"], "device name": "00:07", "column": ["nSeq", "DI", "CH1", "CH2"],
                  "time": "22:13:20.5", "channels": [1, 2], "date": "2023-11-14", "device": "biosignalsplux",
                  "sampling rate": 100, "label": ["CH1", "CH2"], "resolution": [16, 16]}
    }  # fmt: skip
    rows = [f"{k % 16}\t0\t{30000 + 500 * (k % 70)}\t{2000 + k % 90}\t" for k in range(1000)]
    path = folder / "opensignals.txt"
    path.write_text(
        "# OpenSignals Text File Format\n# "
        + json.dumps(about)
        + "\n# EndOfHeader\n"
        + "\n".join(rows)
        + "\n"
    )
    return path


def bids_dyad(folder: Path) -> Path:
    """Two subjects with a file each, tied by their lists of scans; returns the first one's."""
    import gzip

    ecg = waves()
    (folder / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.0"}')
    for k, who in enumerate(("01", "02")):
        beh = folder / f"sub-{who}" / "beh"
        beh.mkdir(parents=True, exist_ok=True)
        stem = beh / f"sub-{who}_task-talk_recording-ecg_physio"
        about = {"SamplingFrequency": RATE, "StartTime": -2.0, "Columns": ["cardiac", "respiratory", "trigger"],
                 "cardiac": {"Description": "ECG lead II", "Units": "mV"}}  # fmt: skip
        stem.with_suffix(".json").write_text(json.dumps(about))
        rows = "\n".join(
            f"{a:.4f}\t{b:.4f}\t{int(i == 300)}" for i, (a, b) in enumerate(np.roll(ecg, k, axis=1))
        )
        stem.with_name(stem.name + ".tsv.gz").write_bytes(gzip.compress(rows.encode()))
        (folder / f"sub-{who}" / f"sub-{who}_scans.tsv").write_text(
            f"filename\tacq_time\nbeh/{stem.name}.tsv.gz\t2023-11-14T22:13:2{k}\n"
        )
    return folder / "sub-01" / "beh" / "sub-01_task-talk_recording-ecg_physio.tsv.gz"


def bids_one_file(folder: Path) -> Path:
    import gzip

    stem = folder / "sub-dyad1_task-talk_physio"
    about = {
        "SamplingFrequency": RATE,
        "StartTime": 0,
        "Columns": ["cardiac_A", "cardiac_B", "respiratory_A", "respiratory_B"],
    }
    stem.with_suffix(".json").write_text(json.dumps(about))
    table = np.hstack([waves(), waves(seed=4)])
    stem.with_name(stem.name + ".tsv.gz").write_bytes(
        gzip.compress("\n".join("\t".join(f"{x:.4f}" for x in r) for r in table).encode())
    )
    return stem.with_name(stem.name + ".tsv.gz")


def embrace(folder: Path) -> Path:
    import fastavro

    def record(name: str, fields: list[tuple[str, object]]) -> dict[str, object]:
        return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in fields]}

    numbers = {"type": "array", "items": "float"}
    longs = {"type": "array", "items": "long"}
    timed = [("timestampStart", "long"), ("samplingFrequency", "float")]
    limits = [(k, "int") for k in ("physicalMin", "physicalMax", "digitalMin", "digitalMax")]
    ints = {"type": "array", "items": "int"}
    raw = record("Raw", [
        ("accelerometer", record("Acc", [*timed, ("imuParams", record("Imu", limits)), ("x", ints), ("y", ints), ("z", ints)])),
        ("eda", record("Eda", [*timed, ("values", numbers)])),
        ("temperature", record("Temp", [*timed, ("values", numbers)])),
        ("bvp", record("Bvp", [*timed, ("values", numbers)])),
        ("systolicPeaks", record("Peaks", [("peaksTimeNanos", longs)])),
        ("tags", record("Tags", [("tagsTimeMicros", longs)])),
    ])  # fmt: skip
    schema = fastavro.parse_schema({"type": "record", "name": "Session", "namespace": "empatica.format.avro",
                                    "fields": [{"name": "rawData", "type": raw}]})  # fmt: skip
    start = {"timestampStart": int(START * 1e6)}
    counts = (2048 * waves()[:640, 0]).astype(int).tolist()
    data = {
        "accelerometer": {**start, "samplingFrequency": 64.0, "x": counts, "y": counts, "z": [2048] * 640,
                          "imuParams": {"physicalMin": -16, "physicalMax": 16, "digitalMin": -32768, "digitalMax": 32767}},
        "eda": {**start, "samplingFrequency": 4.0, "values": (1 + np.arange(40) / 40).tolist()},
        "temperature": {**start, "samplingFrequency": 1.0, "values": (33 + np.arange(10) / 10).tolist()},
        "bvp": {**start, "samplingFrequency": 64.0, "values": waves()[:640, 1].tolist()},
        "systolicPeaks": {"peaksTimeNanos": [int((START + x) * 1e9) for x in (1.0, 1.8, 2.65, 7.0, 7.9)]},
        "tags": {"tagsTimeMicros": [int((START + 3) * 1e6)]},
    }  # fmt: skip
    path = folder / "1-1-X_1700000000.avro"
    with path.open("wb") as file:
        fastavro.writer(file, schema, [{"rawData": data}])
    return path


def matlab(folder: Path) -> Path:
    from scipy.io import savemat

    path = folder / "lab.mat"
    two = waves()
    savemat(path, {"ECG_A": two[:, 0], "ECG_B": two[:, 1], "fs": RATE, "note": "a text", "small": np.eye(3)})
    return path


def acqknowledge_mat(folder: Path) -> Path:
    from scipy.io import savemat

    path = folder / "acq.mat"
    savemat(path, {"data": waves(), "isi": 10.0, "isi_units": "ms", "labels": np.array(["ECG - ECG100C", "EDA - GSR100C"], object),
                   "units": np.array(["mV", "microsiemens"], object)})  # fmt: skip
    return path


def matlab_73(folder: Path) -> Path:
    import h5py

    path = folder / "new.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["ECG"] = waves()[:, :1].T
        file["srate"] = np.array([[RATE]])
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    return path


def nwb(folder: Path) -> Path:
    from datetime import UTC, datetime

    import pynwb

    whole = pynwb.NWBFile(
        session_description="a talk", identifier="x", session_start_time=datetime.fromtimestamp(START, UTC)
    )
    two = waves()
    whole.add_acquisition(
        pynwb.TimeSeries(
            name="ECG_A", data=two[:, 0] * 1000, unit="mV", rate=RATE, starting_time=1.5, conversion=0.001
        )
    )
    whole.add_acquisition(
        pynwb.TimeSeries(name="EDA_A", data=two[::10, 1] + 3, unit="uS", timestamps=np.arange(100) / 10.0)
    )
    whole.add_trial(start_time=2.0, stop_time=4.0)
    path = folder / "talk.nwb"
    with pynwb.NWBHDF5IO(str(path), mode="w") as io:
        io.write(whole)
    return path


def npy(folder: Path) -> Path:
    path = folder / "ecg.npy"
    np.save(path, waves()[:, 0])
    return path


def excel(folder: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["time_s", "dial_Kim"])
    for k, v in enumerate(waves()[:60, 0]):
        sheet.append([k * 0.5, float(v)])
    path = folder / "dial.xlsx"
    book.save(path)
    return path


def vtt(folder: Path) -> Path:
    path = folder / "meeting.vtt"
    path.write_text(
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:03.500\n<v Alex Smith>Hi &amp; welcome</v>\n\n"
        "2\n00:00:04.000 --> 00:00:06.000 align:start\n<v Kim>Thanks</v>\n<v Alex Smith>Sit down</v>\n"
    )
    return path


def srt(folder: Path) -> Path:
    path = folder / "zoom.srt"
    path.write_text(
        "1\r\n00:00:01,000 --> 00:00:03,500\r\nAlex: Hi\r\n\r\n2\r\n00:00:04,000 --> 00:00:06,000\r\nKim: Thanks: really\r\n"
    )
    return path


def observer(folder: Path) -> Path:
    head = "Time_Absolute_hms;Time_Relative_sf;Duration_sf;Observation;Subject;Behavior;Modifier_1;Event_Type;Comment"
    rows = [
        "10:00:00;1.20;3.00;Obs 1;Mother;Smile;;State start;",
        "10:00:02;2.00;0;Obs 1;Child;Cry;loud;State point;",
        "10:00:04;4.20;0;Obs 1;Mother;Smile;;State stop;",
    ]
    path = folder / "observer.txt"
    path.write_bytes(("\r\n".join([head, *rows]) + "\r\n").encode("utf-16"))
    return path


def textgrid(folder: Path) -> Path:
    rows = ['"IntervalTier"', '"Alex words"', "0", "3", "2", "0", "1.5", '"so ""this"""', "1.5", "3", '""',
            '"TextTier"', '"Kim codes"', "0", "3", "1", "2.25", '"nod"']  # fmt: skip
    path = folder / "a.TextGrid"
    path.write_text(
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n3\n<exists>\n2\n' + "\n".join(rows) + "\n"
    )
    return path


def eaf(folder: Path) -> Path:
    import pympi

    whole = pympi.Elan.Eaf()
    whole.remove_tier("default")
    for who, code in (("Alex", "smile"), ("Kim", "nod")):
        whole.add_tier(f"{who} face", part=who)
        whole.add_annotation(f"{who} face", 1000, 2500, code)
    path = folder / "talk.eaf"
    whole.to_file(str(path))
    return path


def boris(folder: Path) -> Path:
    events = [
        [1.0, "Alex", "smile", "", ""],
        [2.5, "Alex", "smile", "", "", 62],
        [3.0, "Kim", "nod", "big", ""],
    ]
    project = {
        "observations": {"o": {"events": events, "time offset": 10.0, "type": "MEDIA"}},
        "behaviors_conf": {
            "0": {"type": "State event", "code": "smile"},
            "1": {"type": "Point event", "code": "nod"},
        },
        "subjects_conf": {},
    }
    path = folder / "p.boris"
    path.write_text(json.dumps(project))
    return path


def apple_zip(folder: Path) -> Path:
    import zipfile

    records = "".join(
        f'<Record type="HKQuantityTypeIdentifierHeartRate" sourceName="Watch" unit="count/min" value="{60 + k}" '
        f'startDate="2023-11-14 23:13:{20 + k} +0100" endDate="2023-11-14 23:13:{20 + k} +0100"/>'
        for k in range(5)
    )
    beats = "".join(
        f'<InstantaneousBeatsPerMinute bpm="{b}" time="11:13:{s} PM"/>'
        for b, s in ((60, "21,10"), (61, "22,08"))
    )
    variability = (
        '<Record type="HKQuantityTypeIdentifierHeartRateVariabilitySDNN" startDate="2023-11-14 23:13:20 +0100" '
        f'endDate="x" value="40"><HeartRateVariabilityMetadataList>{beats}</HeartRateVariabilityMetadataList></Record>'
    )
    ecg = "Name,X\nDate of Birth,1990\nRecorded Date,2023-11-14 23:13:20 +0100\nSample Rate,512 hertz\n\nLead,Lead I\nUnit,µV\n\n"
    ecg += "\n".join(f"{x:.3f}".replace(".", ",") for x in 300 * waves()[:, 0])
    path = folder / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(
            "apple_health_export/export.xml",
            f"<?xml version='1.0'?><HealthData locale='en'>{records}{variability}</HealthData>",
        )
        packed.writestr("apple_health_export/export_cda.xml", "<x/>")
        packed.writestr("apple_health_export/electrocardiograms/ecg_2023-11-14.csv", ecg)
    return path


def tcx(folder: Path) -> Path:
    points = "".join(
        f"<Trackpoint><Time>2023-11-14T22:13:{20 + k}.000Z</Time><HeartRateBpm><Value>{60 + k}</Value></HeartRateBpm></Trackpoint>"
        for k in range(8)
    )
    path = folder / "run.tcx"
    path.write_text(
        '<?xml version="1.0"?><TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2">'
        f"<Activities><Activity><Lap><Track>{points}</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
    )
    return path


def fit(folder: Path) -> Path:
    """A definition of 'record' (20) with time and heart rate, one of 'hrv' (78), and their data (FIT protocol)."""
    fit_start = int(START) - 631_065_600  # the format counts from 1989-12-31
    body = struct.pack("<BBBHB", 0x40, 0, 0, 20, 2) + bytes([253, 4, 0x86, 3, 1, 0x02])
    body += struct.pack("<BBBHB", 0x41, 0, 0, 78, 1) + bytes([0, 4, 0x84])
    for k in range(6):
        body += struct.pack("<BIB", 0, fit_start + k, 60 + k) + struct.pack("<BHH", 1, 980 + k, 0xFFFF)
    head = struct.pack("<BBHI4s", 14, 0x20, 2100, len(body), b".FIT")
    path = folder / "run.fit"
    path.write_bytes(
        head + struct.pack("<H", 0) + body + struct.pack("<H", _crc(head + struct.pack("<H", 0) + body))
    )
    return path


def _crc(raw: bytes) -> int:
    table = [
        0x0000,
        0xCC01,
        0xD801,
        0x1400,
        0xF001,
        0x3C00,
        0x2800,
        0xE401,
        0xA001,
        0x6C00,
        0x7800,
        0xB401,
        0x5000,
        0x9C01,
        0x8801,
        0x4400,
    ]
    crc = 0
    for byte in raw:
        for nibble in (byte & 0xF, byte >> 4):
            crc = ((crc >> 4) & 0x0FFF) ^ table[crc & 0xF] ^ table[nibble]
    return crc


def fitbit(folder: Path) -> Path:
    rows = [
        {"dateTime": f"11/14/23 22:13:{20 + k}", "value": {"bpm": 60 + k, "confidence": 2}} for k in range(6)
    ]
    path = folder / "heart_rate-2023-11-14.json"
    path.write_text(json.dumps(rows))
    return path


def polar_account(folder: Path) -> Path:
    rate = [{"dateTime": f"2023-11-14T22:13:{20 + k}.000", "value": 60 + k} for k in range(6)]
    rate.insert(3, {"dateTime": "2023-11-14T22:13:23.000"})  # lost
    times = {"startTime": "2023-11-14T22:13:20.000", "stopTime": "2023-11-14T22:13:26.000"}
    session = {
        "exportVersion": "1.6",
        **times,
        "timeZoneOffset": 0,
        "exercises": [{**times, "samples": {"heartRate": rate}}],
    }
    path = folder / "training-session-2023-11-14.json"
    path.write_text(json.dumps(session))
    return path


def polar_flow(folder: Path) -> Path:
    rows = "\n".join(f"1,00:00:0{k},{60 + k},,,,,,," for k in range(8))
    path = folder / "Alex_2023-11-14_22-13-20.CSV"
    path.write_text(
        'Name,Sport,Date,Start time,Duration,Total distance (km)\n"Smith, Alex",OTHER,14-11-2023,22:13:20,00:00:08,\n'
        "Sample rate,Time,HR (bpm),Speed (km/h),Pace (min/km),Cadence,Altitude (m),Stride length (m),Distances (m),Temperatures (C)\n"
        + rows
    )
    return path


def polar_ecg(folder: Path) -> Path:
    """A sensor 40 ppm fast against the phone, whose stamps jitter by 20 ms: 20 minutes."""
    rng = np.random.default_rng(2)
    n = 20 * 60 * 13
    t = np.arange(n) / 13.0
    phone = START + t + rng.uniform(0, 0.02, n)
    lines = [
        f"{np.datetime64(int(p * 1e3), 'ms')};{int(599628000000000000 + s * 1e9)};{1e3 * s:.1f};{k % 40}"
        for k, (p, s) in enumerate(zip(phone, t * (1 + 40e-6), strict=True))
    ]
    path = folder / "Polar_H10_ECG.txt"
    path.write_text(
        "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]\n" + "\n".join(lines) + "\n"
    )
    return path


def kubios(folder: Path) -> Path:
    rows = "\n".join(
        f"{t:.3f}\t{rr:.3f}" for t, rr in zip(np.cumsum([0.8, 0.82, 0.79]), (0.8, 0.82, 0.79), strict=True)
    )
    path = folder / "kubios.txt"
    path.write_text(
        f"KUBIOS HRV results\nMean RR\t803\n\nRR INTERVAL DATA\nTime (s)\tRR (s)\n{rows}\n\nEND\n"
    )
    return path


def kubios_mat(folder: Path) -> Path:
    """Results with a recording that began at 14:30:00, as version 7: times are of all beats."""
    from scipy.io import savemat

    rr = 0.8 + 0.05 * np.sin(np.arange(120) / 4)
    path = folder / "talk_hrv.mat"
    data = {
        "RR": rr,
        "T_RR": 52200 + 2.5 + np.cumsum([0, *rr]),
        "RRi": np.interp(np.arange(300) / 4, np.cumsum(rr), rr),
    }
    savemat(path, {"Res": {"f_name": "talk.edf", "CNT": {"Offset": 52200.0, "rate": {"ECG": 500}},
                           "HRV": {"Data": data, "Statistics": {"mean_RR": rr.mean()}}}})  # fmt: skip
    return path


def kubios_mat_73(folder: Path) -> Path:
    """The same as version 7.3, with a time for each interval's end and no clock."""
    import h5py

    rr = 0.8 + 0.05 * np.sin(np.arange(120) / 4)
    path = folder / "new_hrv.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["Res/HRV/Data/RR"], file["Res/HRV/Data/T_RR"] = rr[None], np.cumsum(rr)[None]
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: PCWIN64".ljust(124) + b"\x00\x02IM")
    return path


def shimmer(folder: Path) -> Path:
    """Two devices' synchronised export of Consensys: names and units in two lines, a tab at each line's end."""
    columns = {
        "Shimmer_820D_TimestampSync_Unix_CAL": "ms", "Shimmer_820D_ECG_LA-RA_24BIT_CAL": "mV",
        "Shimmer_820D_ECG_LL-RA_24BIT_CAL": "mV", "Shimmer_820D_ECG_RESP_24BIT_CAL": "mV",
        "Shimmer_95AE_Accel_LN_X_CAL": "m/(s^2)", "Shimmer_95AE_Accel_LN_Y_CAL": "m/(s^2)",
        "Shimmer_95AE_Accel_LN_Z_CAL": "m/(s^2)", "Shimmer_95AE_Accel_WR_X_CAL": "m/(s^2)",
        "Shimmer_95AE_ECG_LL-RA_24BIT_CAL": "mV", "Shimmer_95AE_GSR_Range_CAL": "no_units",
        "Shimmer_95AE_GSR_Skin_Conductance_CAL": "uS", "Shimmer_95AE_GSR_Skin_Resistance_CAL": "kOhms",
        "Shimmer_95AE_PPGtoHR_CAL": "BPM",
    }  # fmt: skip
    two = waves()
    rows = [
        [
            f"{1000 * (START + k / RATE):.17E}",
            a / 2,
            a,
            b,
            0.1,
            a,
            9.8 + b,
            7,
            b,
            2,
            3 + a,
            400,
            -1 if k < 50 else 70 + k % 3,
        ]
        for k, (a, b) in enumerate(two)
    ]
    lines = [list(columns), list(columns.values()), *rows]
    path = folder / "talk_Session1_Calibrated_SD.csv"
    path.write_text('"sep=\t"\n' + "".join("\t".join(map(str, line)) + "\t\n" for line in lines))
    return path


def zipped_fit(folder: Path) -> Path:
    """A watch's file as Garmin's Export Original packs it, with what a Mac adds."""
    import zipfile

    path = folder / "4077461142.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(fit(folder), "4077461142.fit")
        packed.writestr("__MACOSX/._4077461142.fit", b"\x00\x05\x16\x07")
    return path


def rr_pairs(folder: Path) -> Path:
    rr = np.random.default_rng(1).normal(0.85, 0.05, 100)
    path = folder / "beats.txt"
    path.write_text("\n".join(f"{t:.3f} {x:.3f}" for t, x in zip(np.cumsum(rr), rr, strict=True)))
    return path


def labchart_text(folder: Path) -> Path:
    """Two blocks of ten seconds, the second a minute after the first, a comment in each."""
    path = folder / "labchart.txt"
    ecg, days = waves(), 25569 + START / 86400
    blocks = []
    for k in range(2):
        rows = [f"{i / RATE:.2f}\t{a:.5f}\t{b:.5f}" for i, (a, b) in enumerate(ecg)]
        rows[150 + k] += "\t#* talk start " if k == 0 else "\t#1 pause"
        blocks.append(
            f"Interval=\t0.01 s\nExcelDateTime=\t{days + 60 * k / 86400:.13e}\t11/14/2023 22:13:20.000\n"
            "TimeFormat=\tStartOfBlock\nDateFormat=\t\nChannelTitle=\tECG A\tECG B\nRange=\t2.000 mV\t10.000 mV\n"
            + "\n".join(rows) + "\n"
        )  # fmt: skip
    path.write_text("".join(blocks))
    return path


def labchart_mat(folder: Path) -> Path:
    """Two blocks as LabChart keeps them: one row of numbers, and where each channel's part of it lies."""
    from scipy.io import savemat

    ecg, slow = waves(), waves()[::4, 1]
    parts = [ecg[:, 0], slow, ecg[:500, 0], slow[:125]]
    ends = np.cumsum([len(p) for p in parts])
    path = folder / "labchart.mat"
    savemat(path, {
        "data": np.concatenate(parts), "datastart": np.array([[1, ends[1] + 1], [ends[0] + 1, ends[2] + 1]], float),
        "dataend": np.array([[ends[0], ends[2]], [ends[1], ends[3]]], float), "samplerate": np.array([[RATE] * 2, [RATE / 4] * 2]),
        "titles": np.array(["ECG A", "Breath A"]), "blocktimes": 719529 + (START + np.array([0.0, 60.0])) / 86400,
        "unittext": np.array(["mV", "V "]), "unittextmap": np.array([[1, 1], [2, 2]], float), "tickrate": np.array([1000.0, 1000.0]),
        "com": np.array([[-1, 2, 1500, 1, 1]], float), "comtext": np.array(["talk start"]),
    })  # fmt: skip
    return path


def spike2_mat(folder: Path) -> Path:
    from scipy.io import savemat

    wave = {"comment": "none", "scale": 1.0, "offset": 0.0, "start": 0.5, "length": 1000.0}
    path = folder / "spike2.mat"
    savemat(path, {
        "V_Ch1": {**wave, "title": "ECG", "interval": 1 / RATE, "units": "mV", "values": waves()[:, :1]},
        "V_Ch2": {**wave, "title": "Resp", "interval": 4 / RATE, "units": "volt", "scale": 2.0, "offset": 1.0,
                  "values": np.round(waves()[::4, 1:] * 6553.6 / 2).astype(np.int16)},
        "V_Ch31": {"title": "Keyboard", "times": np.array([1.0, 2.0]), "codes": np.array([[1, 0], [2, 0]])},
    })  # fmt: skip
    return path


def biopac_text(folder: Path) -> Path:
    path = folder / "couple.txt"
    rows = "".join(f"{k / RATE / 60:.7f}\t{a:.5f}\t{b + 5:.5f}\t\n" for k, (a, b) in enumerate(waves()))
    head = "couple.acq\nRecording on: 2023-11-14 22:13:20.500\n10 msec/sample\n2 channels\nECG - A\nmV\nEDA - A\nmicrosiemens\n"
    path.write_text(head + "min\tCH1\tCH2\t\n\t1000\t1000\t\n" + rows)
    return path


def whisperx(folder: Path) -> Path:
    path = folder / "talk.json"
    said = [("SPEAKER_00", 1.0, "Hi and"), ("SPEAKER_01", 4.0, "Thanks"), ("SPEAKER_00", 6.0, "Sit down")]
    segments = []
    for who, start, text in said:
        words = [
            {"word": w, "start": start + k, "end": start + k + 0.5, "speaker": who}
            for k, w in enumerate(text.split())
        ]
        segments.append(
            {"start": start, "end": start + len(words), "text": f" {text}", "speaker": who, "words": words}
        )
    segments[1]["words"].append({"word": "2023"})  # a number that was not aligned
    path.write_text(json.dumps({"segments": segments, "language": "en"}))
    return path


def chat(folder: Path) -> Path:
    path = folder / "couple.cha"
    path.write_bytes(
        b"@UTF8\n@Begin\n@Languages:\teng\n@Participants:\tANN Anna Adult, BEN Ben Adult\n@Media:\tcouple, audio\n"
        b"*ANN:\thello there . \x15100_1500\x15\n%mor:\tco|hello adv|there .\n*BEN:\tmhm .\n*BEN:\thi . \x151600_2500\x15\n"
        b"*ANN:\tso what did\n\twe say ? \x152600_5000\x15\n@End\n"
    )
    return path


WRITTEN: dict[str, tuple[Maker, str]] = {
    "labchart_text": (labchart_text, "labchart"), "labchart_mat": (labchart_mat, "matlab"), "spike2_mat": (spike2_mat, "matlab"),
    "biopac_text": (biopac_text, "biopac_text"), "whisperx": (whisperx, "whisper"), "chat": (chat, "chat"),
    "edf_plus": (edf_plus, "edf"), "bdf_plus": (bdf_plus, "edf"), "xdf": (xdf, "xdf"),
    "opensignals_eda": (opensignals_eda, "opensignals"), "bids_dyad": (bids_dyad, "bids"),
    "bids_one_file": (bids_one_file, "bids"), "embrace": (embrace, "embrace"), "matlab": (matlab, "matlab"),
    "acqknowledge_mat": (acqknowledge_mat, "matlab"), "matlab_73": (matlab_73, "matlab"), "nwb": (nwb, "nwb"),
    "npy": (npy, "numpy"), "excel": (excel, "excel"), "vtt": (vtt, "subtitles"), "srt": (srt, "subtitles"),
    "observer": (observer, "event_rows"), "textgrid": (textgrid, "textgrid"), "eaf": (eaf, "elan"),
    "boris": (boris, "boris"), "apple_zip": (apple_zip, "apple_health"), "tcx": (tcx, "fitness"),
    "fit": (fit, "fitness"), "fitbit": (fitbit, "fitness"), "polar_account": (polar_account, "fitness"), "polar_flow": (polar_flow, "polar"),
    "polar_ecg": (polar_ecg, "polar"), "kubios": (kubios, "kubios"), "rr_pairs": (rr_pairs, "rr_list"),
    "shimmer": (shimmer, "shimmer"), "zipped_fit": (zipped_fit, "zipped"), "kubios_mat": (kubios_mat, "matlab"), "kubios_mat_73": (kubios_mat_73, "matlab"),
}  # fmt: skip
