// Go's net/http, encoding/json and encoding/xml: every place of a request as a handler reads it.
package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// report is the list of [place, name, value] that every back end answers with.
type report [][3]string

func (r *report) add(place, name string, values ...string) {
	for _, value := range values {
		*r = append(*r, [3]string{place, name, value})
		if place == "query" || place == "header" || place == "cookie" {
			r.wrapped(place, value)
		}
	}
}

func (r *report) values(place string, values map[string][]string) {
	for name, list := range values {
		r.add(place, name, list...)
	}
}

// wrapped opens a value that is a JSON object, as applications do.
func (r *report) wrapped(place, value string) {
	var object map[string]interface{}
	if json.Unmarshal([]byte(value), &object) == nil {
		for name, member := range object {
			r.add(place+"-json", name, fmt.Sprint(member))
		}
	}
}

// document walks a JSON value; elements of a list are named by their number.
func (r *report) document(name string, value interface{}) {
	member := func(key string) string { return strings.TrimPrefix(name+"."+key, ".") }
	switch value := value.(type) {
	case map[string]interface{}:
		for key, inner := range value {
			r.document(member(key), inner)
		}
	case []interface{}:
		for index, inner := range value {
			r.document(member(fmt.Sprint(index)), inner)
		}
	case nil:
	default:
		r.add("json", name, fmt.Sprint(value))
	}
}

func view(w http.ResponseWriter, request *http.Request) {
	r := report{}
	body, _ := io.ReadAll(request.Body)
	r.add("raw", "", string(body[:min(len(body), 2000)]))
	r.values("query", request.URL.Query())
	for _, cookie := range request.Cookies() {
		r.add("cookie", cookie.Name, cookie.Value)
	}
	r.headers(request)
	for _, segment := range strings.Split(request.URL.Path, "/") {
		r.add("path", "", segment, strings.Split(segment, ";")[0])
	}
	r.json(body)
	r.xml(body)
	r.form(request, body)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(r)
}

func (r *report) headers(request *http.Request) {
	for name, values := range request.Header {
		spelled := strings.ReplaceAll(strings.ToLower(name), "_", "-")
		for _, value := range values {
			r.add("header", spelled, value)
			for _, element := range strings.Split(value, ",") {
				r.add("header", spelled, strings.TrimSpace(element))
			}
		}
	}
	authorization := request.Header.Get("Authorization")
	if words := strings.Fields(authorization); len(words) > 1 {
		r.add("credentials", "", words[1], strings.Join(words[1:], " "))
	}
	r.add("credentials", "", strings.TrimPrefix(authorization, "Bearer "))
	if user, password, ok := request.BasicAuth(); ok {
		r.add("basic_user", "", user)
		r.add("basic_password", "", password)
	}
}

// json reads the first value, and into a struct: its names are compared without case.
func (r *report) json(body []byte) {
	var value interface{}
	if json.NewDecoder(bytes.NewReader(body)).Decode(&value) == nil {
		r.document("", value)
	}
	var named struct {
		AccessToken string `json:"access_token"`
	}
	if json.NewDecoder(bytes.NewReader(body)).Decode(&named) == nil {
		r.add("json", "access_token", named.AccessToken)
	}
}

func (r *report) xml(body []byte) {
	for _, strict := range []bool{true, false} {
		var login struct {
			Token     string `xml:"access_token"`
			Attribute string `xml:"access_token,attr"`
		}
		decoder := xml.NewDecoder(bytes.NewReader(body))
		decoder.Strict = strict
		if decoder.Decode(&login) == nil {
			r.add("xml", "access_token", login.Token)
			r.add("xml-attribute", "login", login.Attribute)
		}
	}
}

// form reads the body by its type and as the form that an application insists on.
func (r *report) form(request *http.Request, body []byte) {
	again := request.Clone(request.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	if again.ParseMultipartForm(1<<26) == nil && again.MultipartForm != nil {
		r.values("multipart", again.MultipartForm.Value)
		r.files(again)
	}
	r.values("form", again.PostForm)
	if values, _ := url.ParseQuery(string(body)); values != nil {
		r.values("form", values)
	}
}

func (r *report) files(request *http.Request) {
	for name, files := range request.MultipartForm.File {
		for _, file := range files {
			if content, err := file.Open(); err == nil {
				text, _ := io.ReadAll(content)
				r.add("file", name, string(text))
				r.add("filename", name, file.Filename)
			}
		}
	}
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func main() {
	// Without the redirects of ServeMux: the path as it is.
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], http.HandlerFunc(view)))
}
