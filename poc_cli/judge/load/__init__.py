"""The judge of loads: from the stages and fates that a history tells to findings and figures. Looks at no clock."""
