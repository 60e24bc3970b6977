//! The windows: pure folds of the log into what people see.
