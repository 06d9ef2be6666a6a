package jeton.authzen

# A decision point of the AuthZEN Authorization API 1.0: OPA's v0 API takes the request as it is and gives the answer so.
# What is not a request of section 6.1 is undefined here, which answers with 404.
decision := {"decision": permitted, "context": {"id": input.context.args_digest, "reason_admin": {reason: "see the policy"}}} if {
	well_formed
}

reason := "200" if permitted

reason := "403" if not permitted

default permitted := false

permitted if {
	input.resource.id == "refund"
	input.context.arguments.amount <= 100
}

# Section 5: subject and resource have a type and an id, action a name, all of them strings; context is an object.
well_formed if {
	object.keys(input) - {"subject", "action", "resource", "context"} == set()
	is_string(input.subject.type)
	is_string(input.subject.id)
	is_object(object.get(input.subject, "properties", {}))
	is_string(input.action.name)
	is_object(object.get(input.action, "properties", {}))
	is_string(input.resource.type)
	is_string(input.resource.id)
	is_object(object.get(input.resource, "properties", {}))
	is_object(input.context)
}
