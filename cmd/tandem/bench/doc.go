// Package bench measures a server under load, beside baselines that do less, and says what came of it.
//
// There are only four types that matter:
//
//	Config  what to measure: workloads, targets, sizes
//	target  a server, nearly always a process of its own
//	job     one run of a workload with a target; what it finds goes into a Result
//	Report  all results, their medians, their ratios to the baselines, and whether goals were met
//
//	Run ─→ each workload ─→ each round ─→ each target: start, job, stop
//
// # What holds
//
//	M1  The server is a process of its own, started anew for every run, on an empty store of the kind that users have: what it takes is
//	    read from /proc, and the generator (package load) is not in it.
//	M2  Targets take turns within a round, and a ratio is the median over the rounds: whatever slows the machine down meets all.
//	M3  Every run ends with a comparison of all replicas. One that did not end identical says so, and so does the report.
//	M4  What was not measured is nil.
//	M5  A workload that fails is said to have failed, and the others are measured. A goal is held against the workload of the size that it
//	    is for, and one that was missed, or not measured, is said to be.
//	M6  A store in memory is refused: it has no fsync, and a server that syncs would look as fast as one that does not.
//
// # What does not hold
//
//   - Generator and server share the machine. GeneratorPerEdit says what part of it was the generator's.
//   - A server that was named by a URL is not looked into, and started once; what it has from earlier runs is in what it shows.
//   - Nor does isolation tell the server's fault from the machine's: the people of the hot document, and whoever pastes, take CPU from those
//     of the quiet ones in the generator too. So a baseline goes through the same, and the ratio is what counts.
//   - CPU is counted in hundredths of a second: a run of less than some seconds says little.
//   - How many transactions and syncs a server makes is not seen from outside.
package bench
