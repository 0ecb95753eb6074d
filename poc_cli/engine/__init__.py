"""Play scenarios against a target and write down what happened."""
