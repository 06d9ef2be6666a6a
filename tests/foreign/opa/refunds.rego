package jeton

# Refunds up to 100 go through; what is larger, and every other tool, does not.
default decision := {"allow": false, "reason": "no_rule"}

decision := {"allow": true, "reason": "small"} if {
	input.resource.id == "refund"
	input.context.arguments.amount <= 100
}

decision := {"allow": false, "reason": "over_limit"} if {
	input.resource.id == "refund"
	input.context.arguments.amount > 100
}
