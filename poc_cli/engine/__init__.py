"""The impure middle: plays scenarios against a target and writes down what happened. Judges nothing."""
