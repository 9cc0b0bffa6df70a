// What Go's encoding/json makes of each line of test/unit/store/go-json.txt: reads lines "input TAB anything" and writes
// "input TAB answer", both columns JSON. The input is a text whose characters are bytes; the answer has no field that is as
// Go begins with it.
//
//	go run test/support/oracle/go_json.go < test/unit/store/go-json.txt > new.txt
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type Inner struct {
	Text  string   `json:"text"`
	N     int64    `json:"n"`
	Words []string `json:"words"`
}

type Whole struct {
	Task   string              `json:"task"`
	Yes    bool                `json:"yes"`
	N      int64               `json:"n"`
	Time   *string             `json:"time"`
	Inner  Inner               `json:"inner"`
	Ptr    *Inner              `json:"ptr"`
	Words  []string            `json:"words"`
	List   []Inner             `json:"list"`
	Ptrs   []*Inner            `json:"ptrs"`
	Labels map[string]string   `json:"labels"`
	Mounts map[string]*Inner   `json:"mounts"`
	Kinds  map[string]Inner    `json:"kinds"`
	Sets   map[string]struct{} `json:"sets"`
	Deep   map[string][]string `json:"deep"`
}

func answer(input []byte) []byte {
	var whole Whole
	if !json.Valid(input) {
		return []byte(`"syntax"`)
	}
	if json.Unmarshal(input, &whole) != nil {
		return []byte(`"type"`)
	}
	fields, zeros := fieldsOf(whole), fieldsOf(Whole{})
	for name, value := range fields {
		if bytes.Equal(value, zeros[name]) {
			delete(fields, name)
		}
	}
	return encode(fields)
}

func fieldsOf(whole Whole) (fields map[string]json.RawMessage) {
	if err := json.Unmarshal(encode(whole), &fields); err != nil {
		panic(err)
	}
	return fields
}

func encode(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(out.Bytes())
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		column, _, _ := strings.Cut(lines.Text(), "\t")
		var text string
		if err := json.Unmarshal([]byte(column), &text); err != nil {
			fmt.Println(lines.Text())
			continue
		}
		input := make([]byte, 0, len(text))
		for _, character := range text {
			input = append(input, byte(character))
		}
		fmt.Printf("%s\t%s\n", column, answer(input))
	}
}
