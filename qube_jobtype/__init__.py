"""The bridge's side of PipelineFX Qube! 7.5 and 8.

`renderbus/` is what Qube runs, a job type as it lies among others, and `qubeui/` are plug-ins of
its window; both are data here, imported by nobody. The modules run in the core's own process.
"""
