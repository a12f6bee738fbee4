#!/usr/bin/env bash
# Every endpoint of docs/HTTP-API.md with bash and curl: good requests, bad requests, and what must come back.
#
#   joinery serve --addr 127.0.0.1:8080 --store memory: &
#   docs/examples/http-api.sh http://127.0.0.1:8080
#
# Works under a tenant of its own, so it may be run again and again. With keys on the server: API_KEY is a key of TENANT, and
# OTHER_KEY (optional) one of another tenant. Exits with 1 and says what differed when an answer is not as documented.
set -u
BASE=${1:-${BASE:-http://127.0.0.1:8080}}
TENANT=${TENANT:-curl-$$-$RANDOM$RANDOM}
NODE=phone
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0
failures=0

# call METHOD PATH [BODY] [more curl options]: fills $status, $body and the file $work/headers.
call() {
  local method=$1 path=$2 data=${3-}
  shift 2
  [ $# -gt 0 ] && shift
  local args=(-sS --max-time 20 -X "$method" -o "$work/body" -D "$work/headers" -w '%{http_code}')
  [ "$method" = HEAD ] && args=(-sS --max-time 20 -I -o "$work/body" -D "$work/headers" -w '%{http_code}')
  [ -n "${TENANT-}" ] && args+=(-H "X-Tenant-ID: $TENANT")
  [ -n "${NODE-}" ] && args+=(-H "X-Node-ID: $NODE")
  [ -n "${API_KEY-}" ] && args+=(-H "X-API-Key: $API_KEY")
  [ -n "$data" ] && args+=(-H "Content-Type: ${TYPE:-application/json}" --data-binary "$data")
  : >"$work/body"
  status=$(curl "${args[@]}" "$@" "$BASE$path")
  body=$(cat "$work/body")
}

# expect STATUS [FRAGMENT...] -- METHOD PATH [BODY] [curl options]: each fragment must stand in the body as it is.
expect() {
  local want=$1 fragments=() fragment wrong=''
  shift
  while [ "$1" != -- ]; do fragments+=("$1"); shift; done
  shift
  call "$@"
  checks=$((checks + 1))
  [ "$status" = "$want" ] || wrong="status $status, not $want"
  for fragment in ${fragments[@]+"${fragments[@]}"}; do
    case $body in *"$fragment"*) ;; *) wrong="$wrong; no $fragment" ;; esac
  done
  case $want in
    4?? | 5??) grep -qi '^content-type: application/problem+json' "$work/headers" || wrong="$wrong; not a problem document" ;;
  esac
  if [ -n "$wrong" ]; then
    failures=$((failures + 1))
    printf 'WRONG %s %s %s\n      %s\n      got %s\n' "$1" "$2" "${3-}" "${wrong#; }" "$body"
  fi
}

# refused STATUS CODE -- ...: a problem document with that code, its status, an advice and a request id.
refused() {
  local want=$1 code=$2
  shift 3
  expect "$want" "\"code\":\"$code\"" "\"status\":$want" '"advice":"' '"requestId":"' "\"type\":\"urn:joinery:error:$code\"" -- "$@"
}

# field NAME: a string or number of the last answer.
field() { sed -E "s/.*\"$1\":\"?([^\",}]*)\"?.*/\1/" <<<"$body"; }
header() { grep -i "^$1:" "$work/headers" | tr -d '\r' | sed 's/^[^:]*: *//'; }
same() {
  checks=$((checks + 1))
  [ "$2" = "$3" ] || { failures=$((failures + 1)); printf 'WRONG %s: %s is not %s\n' "$1" "$2" "$3"; }
}

# --- Operators and machines ------------------------------------------------------------------------------------------------
expect 200 '{"status":"ok"}' -- GET /healthz
expect 200 '{"status":"ready"}' -- GET /readyz
expect 200 '"openapi":"3.1.0"' '"/v1/docs/{docID}/ops"' '"AddOperation"' -- GET /openapi.json
refused 404 ROUTE_UNKNOWN -- GET /v1/nothing
refused 404 ROUTE_UNKNOWN -- GET /v1/docs/
refused 405 METHOD_NOT_ALLOWED -- PATCH /v1/docs/a '{}'
same Allow "$(header allow)" 'DELETE, GET, HEAD, PUT'
expect 204 -- OPTIONS /v1/docs/a

# --- Headers ---------------------------------------------------------------------------------------------------------------
TENANT='' refused 400 HEADER_MISSING -- GET /v1/docs/a
NODE='' refused 400 HEADER_MISSING -- GET /v1/docs/a
NODE=$(printf 'n%.0s' {1..129}) refused 400 ID_INVALID -- GET /v1/docs/a
NODE=$'tab\there' refused 400 ID_INVALID -- GET /v1/docs/a
refused 400 ID_INVALID -- GET /v1/docs/a '' -H 'X-Node-ID: another'
NODE='téléphone' refused 404 NOT_FOUND -- GET /v1/docs/a
expect 200 -- GET /v1/docs '' -H 'X-Request-ID: my-request.7'
same X-Request-ID "$(header x-request-id)" my-request.7

# --- Keys, when the server has them ----------------------------------------------------------------------------------------
if [ -n "${API_KEY-}" ]; then
  API_KEY='' refused 401 UNAUTHENTICATED -- GET /v1/docs
  API_KEY=jk_nonsense refused 401 UNAUTHENTICATED -- GET /v1/docs
  API_KEY=${API_KEY%?}$([ "${API_KEY: -1}" = A ] && echo B || echo A) refused 401 UNAUTHENTICATED -- GET /v1/docs
  [ -n "${OTHER_KEY-}" ] && API_KEY=$OTHER_KEY refused 403 FORBIDDEN -- GET /v1/docs
  API_KEY='' expect 200 -- GET /healthz
fi

# --- PUT, GET, DELETE, list ------------------------------------------------------------------------------------------------
refused 404 NOT_FOUND -- GET /v1/docs/todo
expect 201 '"id":"todo","type":"orset","version":1,' '"value":["buy-milk"]' -- PUT /v1/docs/todo '{"type":"orset","value":["buy-milk"]}'
same Location "$(header location)" /v1/docs/todo
store=$(field storeId) first_life=$(field incarnation)
expect 200 '"version":2,' '"value":["call-mum"]' -- PUT /v1/docs/todo '{"type":"orset","value":["call-mum"]}'
expect 200 '"version":2,' '"value":["call-mum"]' "\"storeId\":\"$store\"" -- GET /v1/docs/todo
expect 200 -- HEAD /v1/docs/todo
expect 201 '"id":"a/b ü"' -- PUT '/v1/docs/a%2Fb%20%C3%BC' '{"type":"lww","value":null}'
same Location "$(header location)" '/v1/docs/a%2Fb%20%C3%BC'
expect 200 '"documents":[{"id":"a/b ü"' '{"id":"todo","type":"orset","version":2,' -- GET /v1/docs
expect 200 '"documents":[{"id":"todo"' -- GET '/v1/docs?prefix=to'
expect 200 '"documents":[]' -- GET '/v1/docs?prefix=zzz'
expect 200 '"cursor":"' -- GET '/v1/docs?limit=1'
cursor=$(field cursor)
expect 200 '"documents":[{"id":"todo"' -- GET "/v1/docs?limit=1" '' -G --data-urlencode "cursor=$cursor"
refused 400 BODY_INVALID -- GET '/v1/docs?limit=0'
refused 400 BODY_INVALID -- GET '/v1/docs?limit=1001'
refused 400 BODY_INVALID -- GET '/v1/docs?limit=many'
refused 400 BODY_INVALID -- GET '/v1/docs?limt=5'
refused 400 BODY_INVALID -- GET '/v1/docs?prefix=a&prefix=b'
refused 400 ID_INVALID -- GET '/v1/docs/%FF'
refused 400 ID_INVALID -- GET '/v1/docs/a%00b'
refused 400 ID_INVALID -- GET "/v1/docs/$(printf 'x%.0s' {1..257})"
refused 400 TYPE_UNKNOWN -- PUT /v1/docs/new '{"type":"btree","value":1}'
refused 400 BODY_INVALID -- PUT /v1/docs/new '{"type":"lww"}'
refused 400 BODY_INVALID -- PUT /v1/docs/new '{"type":"lww","value":1,"valeu":2}'
refused 400 BODY_INVALID -- PUT /v1/docs/new '{"type":"lww","value":'
refused 400 BODY_INVALID -- PUT /v1/docs/new '[1]'
TYPE=text/plain refused 415 MEDIA_TYPE -- PUT /v1/docs/new '{"type":"lww","value":1}'
TYPE='application/json; charset=latin1' refused 415 MEDIA_TYPE -- PUT /v1/docs/new '{"type":"lww","value":1}'
refused 422 VALUE_INVALID -- PUT /v1/docs/new '{"type":"lww","value":"\ud800"}'
refused 409 TYPE_MISMATCH -- PUT /v1/docs/todo '{"type":"gset","value":[]}'
head -c 2200000 /dev/zero | tr '\0' a >"$work/big"
refused 413 BODY_TOO_LARGE -- PUT /v1/docs/new "@$work/big"
refused 413 BODY_TOO_LARGE -- PUT /v1/docs/new "@$work/big" -H 'Transfer-Encoding: chunked'
printf '[%.0s' {1..200} >"$work/deep"
refused 400 BODY_INVALID -- PUT /v1/docs/new "@$work/deep"
refused 404 NOT_FOUND -- GET /v1/docs/new
