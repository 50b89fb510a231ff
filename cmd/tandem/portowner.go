package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// portOwner names the process that listens on the port of addr, where the system tells: Linux does, of processes of the same user.
func portOwner(addr string) string {
	const unknown = "another process"
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return unknown
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return unknown
	}
	sockets := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		listeners(table, uint16(n), sockets)
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && sockets[target] {
			pid := strings.Split(link, "/")[2]
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			return fmt.Sprintf("process %s (%s)", pid, strings.TrimSpace(string(name)))
		}
	}
	return unknown
}

// listeners adds the sockets that listen on a port, as the links of file descriptors name them.
func listeners(table string, port uint16, sockets map[string]bool) {
	file, err := os.Open(table)
	if err != nil {
		return
	}
	defer file.Close()
	const listening = "0A"
	for lines := bufio.NewScanner(file); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) > 9 && f[3] == listening && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
			sockets["socket:["+f[9]+"]"] = true
		}
	}
}
