"""JSON Schemas and tables of the bridge, as package data; read through `renderbus_core.schema`."""
