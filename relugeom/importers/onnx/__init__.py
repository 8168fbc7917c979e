"""ONNX models, read from their bytes and taken apart node by node."""
