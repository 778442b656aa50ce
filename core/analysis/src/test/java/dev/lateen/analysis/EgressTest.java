package dev.lateen.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.Problem;
import dev.lateen.mesh.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What goes out: what was seen, the list made of it, and the calls that show what a list opens. */
class EgressTest {
    private static final String REGISTRY_ONLY = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: istio, namespace: istio-system}
            data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: client, namespace: d, labels: {app: client}}
            spec: {containers: [{name: app, image: app}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: client, namespace: e, labels: {app: client}}
            spec: {containers: [{name: app, image: app}]}
            ---
            """;

    private static Manifests mesh(String more) {
        return new Manifests("d").add("mesh.yaml", REGISTRY_ONLY + more);
    }

    private static final List<Outgoing> SEEN = List.of(
            Outgoing.http("d", "client", "httpbin.org", Outgoing.REFUSED, 3),
            Outgoing.http("d", "client", "HTTPBIN.org:8000", Outgoing.REFUSED, 2),
            Outgoing.http("d", "client", "httpbin.org", Outgoing.REFUSED, 4),
            Outgoing.http("e", "batch", "api.example.com", Outgoing.LET_OUT, 1),
            new Outgoing("d", "client", "db.example.com", 5432, Outgoing.Protocol.TLS, true, 1),
            new Outgoing("d", "client", "198.51.100.7", 9000, Outgoing.Protocol.TCP, false, 5),
            Outgoing.http("d", "client", "webb", Outgoing.REFUSED, 1),
            Outgoing.http("d", "client", "web.d.svc.cluster.local", Outgoing.REFUSED, 1),
            Outgoing.http("d", "client", "*.com", Outgoing.REFUSED, 1),
            Outgoing.http("d", "client", "a.b\nspec: {}", Outgoing.REFUSED, 1),
            Outgoing.http("d", "client\nkind: Secret", "httpbin.org", Outgoing.REFUSED, 1));

    @Test
    void theList() {
        assertThat(EgressList.of(
                        mesh("").read().snapshot(),
                        List.of(SEEN.get(5), SEEN.get(0), SEEN.get(1), SEEN.get(2), SEEN.get(6))))
                .hasToString("""
                ---
                # 5 connections of client to port 9000, let out
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata:
                  name: address-198-51-100-7
                  namespace: d
                spec:
                  hosts:
                  - 198.51.100.7
                  addresses:
                  - 198.51.100.7
                  ports:
                  - number: 9000
                    protocol: TCP
                    name: tcp-9000
                  resolution: STATIC
                  endpoints:
                  - address: 198.51.100.7
                  exportTo:
                  - "."
                ---
                # 7 requests of client to port 80, refused; 2 requests of client to port 8000, refused
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata:
                  name: httpbin-org
                  namespace: d
                spec:
                  hosts:
                  - httpbin.org
                  ports:
                  - number: 80
                    protocol: HTTP
                    name: http-80
                  - number: 8000
                    protocol: HTTP
                    name: http-8000
                  resolution: DNS
                  exportTo:
                  - "."
                # no entry: webb:80, called by d/client: is a name of the cluster: its Service is missing
                """);
    }

    /** Our own validation has nothing to say against it, whatever clients wrote. */
    @Test
    void theListIsValid() {
        String yaml = EgressList.of(mesh("").read().snapshot(), SEEN).toString();
        assertThat(mesh("").add("learned.yaml", yaml).check(true))
                .extracting(Problem::toString)
                .isEmpty();
    }

    @ParameterizedTest(name = "{0} calls {1}: {2}")
    @CsvSource(textBlock = """
        d, http://httpbin.org/,          outbound|80||httpbin.org
        d, http://httpbin.org:8000/,     outbound|8000||httpbin.org
        d, http://httpbin.org:8001/,     BlackHoleCluster
        d, http://x.httpbin.org/,        refused
        d, http://api.example.com/,      refused
        e, http://api.example.com/,      outbound|80||api.example.com
        e, http://httpbin.org/,          refused
        d, https://198.51.100.7:9000/,   outbound|9000||198.51.100.7
        d, https://198.51.100.7:9001/,   BlackHoleCluster
        d, https://198.51.100.8:9000/,   BlackHoleCluster
        e, https://198.51.100.7:9000/,   BlackHoleCluster
        """)
    void theListOpensWhatWasSeen(String namespace, String url, String expected) {
        String yaml = EgressList.of(mesh("").read().snapshot(), SEEN).toString();
        Snapshot snapshot = mesh("").add("learned.yaml", yaml).read().snapshot();
        Outcome outcome = Explain.request(
                        snapshot,
                        Caller.sidecar(snapshot, "client", namespace),
                        PretendRequest.of("GET", url),
                        new Random(1))
                .outcome();
        assertThat(
                        switch (outcome) {
                            case Outcome.Forwarded forwarded -> forwarded.cluster();
                            case Outcome.Passed passed -> passed.cluster();
                            case Outcome.Answered answered -> answered.status() == 502 ? "refused" : outcome.toString();
                            case Outcome.Redirected _, Outcome.Failed _ -> outcome.toString();
                        })
                .isEqualTo(expected);
    }

    @Test
    void whatIsKnownByNow_needsNoEntry() {
        Snapshot snapshot = mesh(EgressList.of(mesh("").read().snapshot(), SEEN).toString())
                .read()
                .snapshot();
        assertThat(EgressList.of(snapshot, SEEN).entries()).isEmpty();
        assertThat(EgressList.of(snapshot, SEEN).left())
                .contains("httpbin.org:80, called by d/client: is known by now")
                .contains("198.51.100.7:9000, called by d/client: is known by now")
                .contains("webb:80, called by d/client: is a name of the cluster: its Service is missing")
                .contains("*.com:80, called by d/client: is no host name");
    }

    /** What a probe called is no one's need: neither its names nor the address behind them. */
    @Test
    void whatAProbeCalled_isNotLearnt() {
        Snapshot snapshot = mesh(entry(
                        "wild", "*.wild.example", "{number: 443, name: tls, protocol: TLS}", ", resolution: NONE"))
                .read()
                .snapshot();
        List<Outgoing> probed = new ArrayList<>();
        EgressProbe.of(snapshot, "d").stream()
                .filter(probe -> !probe.answers() && !probe.host().equals("wild.example"))
                .forEach(probe -> {
                    probed.add(Outgoing.http("d", "client", probe.host(), Outgoing.REFUSED, 1));
                    probed.add(new Outgoing("d", "client", probe.host(), probe.port(), Outgoing.Protocol.TLS, true, 1));
                });
        probed.add(new Outgoing("d", "client", EgressProbe.nowhere(snapshot), 443, Outgoing.Protocol.TCP, true, 1));
        assertThat(probed).hasSizeGreaterThan(5);
        assertThat(EgressList.of(snapshot, probed)).hasToString("");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(nullValues = "-", delimiter = '|', quoteCharacter = '`', textBlock = """
        [2026-01-01T10:00:00.000Z] "- - -" 0 - - - "-" 5 0 1 - "-" "-" "-" "-" "198.51.100.7:443" PassthroughCluster 10.1.1.1:5 198.51.100.7:443 10.1.1.1:4 - - | 198.51.100.7:443 TCP let out
        [2026-01-01T10:00:00.000Z] "- - -" 0 UH - - "-" 5 0 1 - "-" "-" "-" "-" "-" BlackHoleCluster - 198.51.100.7:443 10.1.1.1:4 - - | 198.51.100.7:443 TCP refused
        [2026-01-01T10:00:00.000Z] "- - -" 0 - - - "-" 5 0 1 - "-" "-" "-" "-" "198.51.100.7:443" PassthroughCluster 10.1.1.1:5 198.51.100.7:443 10.1.1.1:4 API.example.com - | api.example.com:443 TLS let out
        [2026-01-01T10:00:00.000Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 0 0 1 1 "-" "-" "-" "a.b" "198.51.100.7:80" PassthroughCluster 10.1.1.1:5 198.51.100.7:80 10.1.1.1:4 - allow_any | -
        [2026-01-01T10:00:00.000Z] "- - -" 0 - - - "-" 5 0 1 - "-" "-" "-" "-" "10.1.1.1:80" InboundPassthroughCluster 10.1.1.1:5 10.1.1.1:80 10.1.1.1:4 - - | -
        {"method":null,"upstream_cluster":"BlackHoleCluster","downstream_local_address":"[2001:db8::7]:443","requested_server_name":null} | 2001:db8::7:443 TCP refused
        {"method":"GET","upstream_cluster":"PassthroughCluster","downstream_local_address":"198.51.100.7:443"} | -
        {"level":"info"} | -
        {broken | -
        started | -
        """)
    void aLineOfALog(String line, String expected) {
        Outgoing call = Outgoing.connection("d", "client", line);
        assertThat(
                        call == null
                                ? null
                                : call.host() + ":" + call.port() + " " + call.protocol()
                                        + (call.refused() ? " refused" : " let out"))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "a.b, a.b, 80",
        "a.b:8080, a.b, 8080",
        "A.b, a.b, 80",
        "'[2001:db8::7]:81', 2001:db8::7, 81",
        "2001:db8::7, 2001:db8::7, 80"
    })
    void anAuthority(String authority, String host, int port) {
        Outgoing call = Outgoing.http("d", "client", authority, Outgoing.REFUSED, 1);
        assertThat(call.host()).isEqualTo(host);
        assertThat(call.port()).isEqualTo(port);
    }

    private static String entry(String name, String host, String port, String more) {
        return """
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: %s, namespace: d}
                spec: {hosts: ["%s"], location: MESH_EXTERNAL, ports: [%s]%s}
                """.formatted(name, host, port, more);
    }

    @Test
    void whatIsProbed() {
        Snapshot snapshot = mesh(entry(
                                "one", "one.example", "{number: 80, name: http, protocol: HTTP}", ", resolution: DNS")
                        + entry(
                                "wild",
                                "*.wild.example",
                                "{number: 443, name: tls, protocol: TLS}",
                                ", resolution: NONE")
                        + entry("raw", "raw.example", "{number: 9000, name: tcp, protocol: TCP}", ", resolution: DNS")
                        + entry(
                                "hidden",
                                "hidden.example",
                                "{number: 80, name: http, protocol: HTTP}",
                                ", resolution: DNS, exportTo: [e]"))
                .read()
                .snapshot();
        List<String> probes = new ArrayList<>();
        EgressProbe.of(snapshot, "d")
                .forEach(probe -> probes.add((probe.tls() ? "tls " : "") + probe.host() + ":" + probe.port()
                        + (probe.answers() ? " answers" : " is refused")
                        + (probe.skipped().isEmpty() ? "" : ", not called")));
        assertThat(probes)
                .containsExactlyInAnyOrder(
                        "one.example:80 answers",
                        "lateen-egress-probe.one.example:80 is refused",
                        "tls *.wild.example:443 answers, not called",
                        "tls wild.example:443 is refused",
                        "tls lateen-egress-probewild.example:443 is refused",
                        "raw.example:9000 answers, not called",
                        "lateen-egress-probe.invalid:80 is refused",
                        "tls lateen-egress-probe.invalid:443 is refused");
    }

    @Test
    void whereNobodyIs() {
        Snapshot snapshot = mesh(entry(
                        "raw", "raw.example", "{number: 9000, name: tcp, protocol: TCP}", ", addresses: [192.0.2.1]"))
                .read()
                .snapshot();
        assertThat(EgressProbe.nowhere(snapshot)).isEqualTo("192.0.2.2");
    }

    @Test
    void anEntryForTheProbesOwnName_leavesNothingToRefuse() {
        Snapshot snapshot = mesh(entry(
                        "all", "*.invalid", "{number: 80, name: http, protocol: HTTP}", ", resolution: NONE"))
                .read()
                .snapshot();
        assertThat(EgressProbe.of(snapshot, "d"))
                .filteredOn(probe -> probe.entry().isEmpty() && probe.port() == 80)
                .singleElement()
                .satisfies(probe -> assertThat(probe.skipped()).contains("opens every name of .invalid"));
    }
}
