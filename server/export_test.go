package server

// ProblemCodes are the codes of the API's problems, with their statuses.
func ProblemCodes() map[string]int {
	all := map[string]int{}
	for _, p := range problems {
		all[p.code] = p.status
	}
	return all
}
