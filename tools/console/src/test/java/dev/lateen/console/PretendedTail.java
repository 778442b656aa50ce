package dev.lateen.console;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** Requests of one pod as they end, as the page asks for them. Thread-safe. */
final class PretendedTail {
    private final List<String> requests = new CopyOnWriteArrayList<>();

    /** Begins with some, with what a client may have put into their fields. */
    PretendedTail() {
        add("""
            "start_time":"2026-01-01T10:00:00.123Z","method":"GET","authority":"web","path":"/<img src=x onerror=alert(1)>",
            "response_code":"503","response_flags":"FI","response_code_details":"fault_filter_abort","duration":"3","route_name":"v1",
            "virtual_host":"web:80","upstream_cluster":"outbound|80||web","attempts":"1","user_agent":"</script><script>alert(1)</script>","trace_id":"0af7651916cd43dd8448eb211c80319c"\
            """);
        add("""
            "start_time":"2026-01-01T10:00:01.123Z","method":"GET","authority":"web","path":"/","response_code":"200",
            "response_flags":"-","response_code_details":"via_upstream","duration":"12","upstream_cluster":"inbound|80||","upstream_host":"127.0.0.1:80"\
            """);
        add("""
            "start_time":"2026-01-01T10:00:02.123Z","method":"POST","authority":"shop","path":"/Orders?id=1","response_code":"504",
            "response_flags":"UT","response_code_details":"response_timeout","duration":"1500.5","upstream_cluster":"outbound|80||shop.team-b"\
            """);
        add("""
            "start_time":"2026-01-01T10:00:03.123Z","method":null,"authority":null,"path":null,"response_code":"0",
            "response_flags":"UAEX","connection_termination_details":"rbac_access_denied_matched_policy[none]","duration":"1",
            "bytes_received":"5","bytes_sent":"0","downstream_local_address":"10.0.0.2:9000","upstream_cluster":null\
            """);
    }

    /** One more, of these fields as JSON. */
    void add(String fields) {
        requests.add("{\"number\":" + (requests.size() + 1) + "," + fields + "}");
    }

    /** As {@link Requests#json}. */
    String json(Map<String, String> query) {
        List<String> all = List.copyOf(requests);
        long since = Query.number(query, "since", 0, Long.MAX_VALUE, 0);
        String after = String.join(",", all.stream().skip(since).toList());
        return "{\"pods\":[\"team-a/web-1\"],\"last\":%d,\"problem\":\"\",\"requests\":[%s]}"
                .formatted(all.size(), after);
    }
}
