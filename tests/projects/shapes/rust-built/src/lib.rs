// The source of a Worker in Rust; what worker-build makes of it would be in output/.
