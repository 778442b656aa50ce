package dev.lateen.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.mesh.Snapshot;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of recorded calls under other rules. */
class AccessReplayTest {
    /** {@code web} of namespace {@code d} with port 80 to 8080, called by {@code client} with a certificate. */
    private static final String MESH = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: d}
            spec:
              selector: {app: web}
              ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp-db, port: 9000}]
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web, namespace: d}
            spec:
              replicas: 1
              template:
                metadata: {labels: {app: web, security.istio.io/tlsMode: istio}}
                spec: {serviceAccountName: web, containers: [{name: app, image: app}]}
            """;

    private static final Map<String, String> RULES = Map.of(
            "nothing",
            "",
            "only client",
            policy("only-client", "ALLOW", "from: [{source: {principals: [cluster.local/ns/d/sa/client]}}]"),
            "only other",
            policy("only-other", "ALLOW", "from: [{source: {principals: [cluster.local/ns/d/sa/other]}}]"),
            "no admin",
            policy("no-admin", "DENY", "to: [{operation: {paths: [/admin/*]}}]"),
            "tenant a",
            policy("tenant", "DENY", "when: [{key: 'request.headers[x-tenant]', values: [a]}]"),
            "tenant a on /x",
            policy(
                    "tenant",
                    "DENY",
                    "to: [{operation: {paths: [/x]}}], when: [{key: 'request.headers[x-tenant]', values: [a]}]"),
            "from 10.9",
            policy("from", "DENY", "from: [{source: {ipBlocks: [10.9.0.0/16]}}]"),
            "strict",
            """
                    apiVersion: security.istio.io/v1
                    kind: PeerAuthentication
                    metadata: {name: default, namespace: d}
                    spec: {mtls: {mode: STRICT}}
                    """,
            "claim",
            policy("claim", "DENY", "when: [{key: 'request.auth.claims[group]', values: [a]}]"));

    private static final String CLIENT = "'peer':'spiffe://cluster.local/ns/d/sa/client'";
    private static final String NOBODY = "'peer':null";

    private static String policy(String name, String action, String rule) {
        return """
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: %s, namespace: d}
                spec: {action: %s, rules: [{%s}]}
                """.formatted(name, action, rule);
    }

    private static String rules(String name) {
        return name.startsWith("port ")
                ? policy("port", "DENY", "to: [{operation: {ports: ['%s']}}]".formatted(name.substring(5)))
                : RULES.getOrDefault(name, "");
    }

    private static Snapshot snapshot(String rules) {
        return new Manifests("d")
                .add("mesh.yaml", MESH)
                .add("rules.yaml", rules)
                .read()
                .snapshot();
    }

    private static String line(String more) {
        return ("{'method':'GET','authority':'web','path':'/x?q=1','response_code':'200','pod':'web-0','namespace':'d',"
                        + "'labels':'app=web','upstream_cluster':'inbound|8080||',"
                        + "'downstream_local_address':'10.244.0.2:8080',"
                        + more
                        + "}")
                .replace('\'', '"');
    }

    private static String peer(String caller) {
        return switch (caller) {
            case "client" -> CLIENT;
            case "nobody" -> NOBODY;
            default -> "'who':'unsaid'";
        };
    }

    private static AccessReplay replay(String before, String after, String line) {
        AccessReplay replay = new AccessReplay(snapshot(before), snapshot(after), "", "d");
        replay.add(line);
        return replay;
    }

    private static String said(AccessReplay replay) {
        if (replay.same() == 1) {
            return "same";
        }
        if (replay.outbound() == 1) {
            return "outbound";
        }
        return replay.changes().isEmpty()
                ? "? " + replay.undecided().keySet().iterator().next().why()
                : replay.changes().keySet().stream()
                        .map(change -> (change.allowed() ? "allowed " : "refused ") + change.why())
                        .findFirst()
                        .orElseThrow();
    }

    @ParameterizedTest(name = "{0} -> {1}, caller {2} {3}: {4}")
    @CsvSource(nullValues = "-", textBlock = """
        nothing,     only client, client, -,                          same
        nothing,     only client, nobody, -,                          refused no ALLOW policy matches
        nothing,     only other,  client, -,                          refused no ALLOW policy matches
        only other,  only client, client, -,                          allowed was: no ALLOW policy matches
        only client, only client, nobody, -,                          same
        nothing,     no admin,    client, -,                          same
        nothing,     no admin,    client, 'path':'/admin/x?y',        refused d/no-admin rule 0
        no admin,    nothing,     client, 'path':'/admin/x',          allowed was: d/no-admin rule 0
        nothing,     port 9999,   client, -,                          same
        nothing,     port 9999,   client, 'downstream_local_address':'10.244.0.2:9999', refused d/port rule 0
        nothing,     strict,      client, -,                          same
        nothing,     strict,      nobody, -,                          'refused no mutual TLS, which is wanted'
        strict,      nothing,     nobody, -,                          'allowed was: no mutual TLS, which is wanted'
        nothing,     tenant a,    client, -,                          ? the log does not have: header x-tenant
        nothing,     tenant a,    client, 'x_tenant':'a',             refused d/tenant rule 0
        nothing,     tenant a,    client, 'x-tenant':'b',             same
        nothing,     tenant a,    client, 'x_tenant':null,            same
        nothing,     tenant a on /x, client, -,                       ? the log does not have: header x-tenant
        nothing,     tenant a on /x, client, 'path':'/y',             same
        tenant a,    tenant a on /x, client, 'path':'/y',             ? the log does not have: header x-tenant
        tenant a,    tenant a on /x, client, -,                       same
        nothing,     from 10.9,   client, -,                          ? the log does not have: peer address
        nothing,     from 10.9,   client, 'downstream_direct_remote_address':'10.9.1.2:5', refused d/from rule 0
        nothing,     from 10.9,   client, 'downstream_direct_remote_address':'10.8.1.2:5', same
        nothing,     from 10.9,   client, 'downstream_remote_address':'10.9.1.2:5',  ? the log does not have: peer address
        nothing,     only client, unsaid, -,                          ? the log does not have: principal
        nothing,     no admin,    unsaid, -,                          same
        nothing,     strict,      unsaid, -,                          ? the log does not have: principal
        nothing,     claim,       client, -,                          same
        nothing,     only other,  client, 'upstream_cluster':'outbound|80||web.d.svc.cluster.local', outbound
        """)
    void becomesOfIt(String before, String after, String caller, String more, String expected) {
        String peer = peer(caller);
        String line = line(more == null ? peer : peer + "," + more);
        assertThat(said(replay(rules(before), rules(after), line))).isEqualTo(expected);
    }

    /** Of connections rules see who calls and where to; what asks about requests holds as Istio has it for TCP. */
    @ParameterizedTest(name = "{0} -> {1}, {2}, {3}: {4}")
    @CsvSource(quoteCharacter = '`', nullValues = "-", textBlock = """
        nothing,     nothing,     client, -,                          same
        nothing,     only client, client, -,                          same
        nothing,     only client, nobody, -,                          refused no ALLOW policy matches
        nothing,     only client, unsaid, -,                          ? the log does not have: principal
        only other,  nothing,     client, -,                          allowed was: no ALLOW policy matches
        nothing,     strict,      client, -,                          same
        nothing,     strict,      nobody, -,                          `refused no mutual TLS, which is wanted`
        nothing,     strict,      nobody, 'requested_server_name':'db.example', `refused no mutual TLS, which is wanted`
        nothing,     no admin,    client, -,                          refused d/no-admin rule 0
        nothing,     port 9999,   client, -,                          same
        nothing,     port 9000,   client, -,                          refused d/port rule 0
        nothing,     from 10.9,   client, -,                          ? the log does not have: peer address
        nothing,     from 10.9,   client, 'downstream_direct_remote_address':'10.9.1.2:5', refused d/from rule 0
        nothing,     from 10.9,   client, 'downstream_direct_remote_address':'10.8.1.2:5', same
        nothing,     port 9000,   client, 'downstream_local_address':'10.244.0.2:8080', ? the log does not have: the requests on it
        nothing,     only other,  client, 'upstream_cluster':'outbound|9000||web.d.svc.cluster.local', outbound
        """)
    void becomesOfAConnection(String before, String after, String caller, String more, String expected) {
        String tcp =
                "'method':null,'authority':'-','path':null,'response_code':'0','upstream_cluster':'inbound|9000||',"
                        + "'downstream_local_address':'10.244.0.2:9000'," + peer(caller)
                        + (more == null ? "" : "," + more);
        assertThat(said(replay(rules(before), rules(after), line(tcp)))).isEqualTo(expected);
    }

    /** One that was refused has no cluster: that it came in is told by why it ended. */
    @Test
    void aRefusedConnection() {
        AccessReplay replay = replay(
                "",
                rules("only client"),
                line("'method':null,'authority':null,'path':null,'upstream_cluster':null,"
                        + "'connection_termination_details':'rbac_access_denied_matched_policy[none]',"
                        + "'downstream_local_address':'10.244.0.2:9000'," + NOBODY));
        assertThat(replay.recordedOtherwise()).isEqualTo(1);
        assertThat(replay.changes().keySet())
                .containsExactly(new AccessReplay.Change(
                        "unknown (no certificate)", "d/web:9000", "a connection", false, "no ALLOW policy matches"));
    }

    /** A claim can only matter where tokens are read. */
    @Test
    void claimsAndTokensAreNotInALog() {
        String tokens = """
                apiVersion: security.istio.io/v1
                kind: RequestAuthentication
                metadata: {name: tokens, namespace: d}
                spec: {jwtRules: [{issuer: me, jwks: '{"keys":[{"kty":"EC","crv":"P-256","kid":"a",
                  "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}'}]}
                ---
                """;
        assertThat(said(replay("", tokens, line(CLIENT)))).isEqualTo("? the log does not have: token");
        assertThat(said(replay(tokens, tokens, line(CLIENT)))).isEqualTo("same");
        assertThat(said(replay(tokens, tokens + rules("claim"), line(CLIENT))))
                .isEqualTo("? the log does not have: claim group, token");
    }

    /** Without its Service and its labels, TLS is not ended at the port: who calls stays open all the same. */
    @Test
    void whereBytesAreNotReadAsHttp() {
        AccessReplay replay = new AccessReplay(
                Snapshot.empty(),
                new Manifests("d")
                        .add("rules.yaml", rules("only client"))
                        .read()
                        .snapshot(),
                "",
                "d");
        replay.add(line("'who':'unsaid'"));
        assertThat(said(replay)).isEqualTo("? the log does not have: principal");
    }

    /** Whether a service that is asked says yes is in no log; whether it is asked is. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "/admin/x, ? the log does not have: answer of the service authorizer",
        "/x, same",
    })
    void aServiceIsAsked(String path, String expected) {
        String provider = """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: istio, namespace: istio-system}
                data:
                  mesh: |
                    extensionProviders:
                    - name: authorizer
                      envoyExtAuthzHttp: {service: web.d.svc.cluster.local, port: 80}
                ---
                """;
        String asked = """
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: asked, namespace: d}
                spec: {action: CUSTOM, provider: {name: authorizer}, rules: [{to: [{operation: {paths: [/admin/*]}}]}]}
                """;
        assertThat(said(replay(provider, provider + asked, line(CLIENT + ",'path':'" + path + "'"))))
                .isEqualTo(expected);
    }

    /** A gateway lets nobody in by certificate; who calls it is its peer, whatever a client writes. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
        'downstream_direct_remote_address':'203.0.113.9:5','x_forwarded_for':'10.9.9.9' | refused istio-system/office rule 0
        'downstream_direct_remote_address':'198.51.100.9:5','x_forwarded_for':'203.0.113.9' | same
        'x_forwarded_for':'203.0.113.9' | ? the log does not have: client address
        'downstream_direct_remote_address':'203.0.113.9:5','downstream_local_address':'10.244.0.9:81' | ? the log does not have: a listener for the port
        """)
    void atAGateway(String more, String expected) {
        String gateway = """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: istio-system}
                spec:
                  selector: {istio: ingressgateway}
                  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
                ---
                """;
        String office = """
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: office, namespace: istio-system}
                spec:
                  selector: {matchLabels: {istio: ingressgateway}}
                  action: DENY
                  rules: [{from: [{source: {remoteIpBlocks: [203.0.113.0/24]}}]}]
                """;
        String line = line("'proxy_type':'router','pod':'gateway-1','namespace':'istio-system',"
                + "'labels':'istio=ingressgateway','upstream_cluster':'outbound|80||web.d.svc.cluster.local',"
                + "'downstream_local_address':'10.244.0.9:80','peer':null," + more);
        assertThat(said(replay(gateway, gateway + office, line))).isEqualTo(expected);
    }

    @Test
    void whoAndWhat() {
        AccessReplay replay =
                replay("", rules("only client"), line(NOBODY + ",'downstream_remote_address':'10.1.2.3:4'"));
        assertThat(replay.changes().keySet())
                .containsExactly(new AccessReplay.Change(
                        "10.1.2.3 (no certificate)", "d/web:8080", "GET web/x", false, "no ALLOW policy matches"));
    }

    void theReport() {
        String nobody = line(NOBODY + ",'downstream_remote_address':'10.1.2.3:4'");
        AccessReplay replay = replay("", rules("only client"), nobody);
        replay.add(nobody);
        replay.add(line(peer("unsaid")));
        replay.add(line(CLIENT));
        assertThat(new AccessReport(replay)).hasToString("""
                4 calls: 2 decided otherwise, 1 as now, 1 undecidable, 0 outbound (the other side decides)

                THEN      CALLS   FROM                        TO           REQUEST     BY
                refused   2       10.1.2.3 (no certificate)   d/web:8080   GET web/x   no ALLOW policy matches

                UNDECIDABLE   CALLS   FROM      TO           REQUEST     WHY
                ?             1       unknown   d/web:8080   GET web/x   the log does not have: principal
                """);
    }

    /** The record is of other rules when it was refused what the rules in force let in. */
    @Test
    void recordedOtherwise() {
        String refused = line(CLIENT + ",'response_code_details':'rbac_access_denied_matched_policy[none]'");
        assertThat(replay("", rules("only client"), refused).recordedOtherwise())
                .isEqualTo(1);
        assertThat(replay(rules("only other"), "", refused).recordedOtherwise()).isEqualTo(0);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        {} | no field method: not a request or connection
        [] | not a JSON object
        {x | not JSON
        {"method":"GET","authority":"a","path":"/"} | does not say whose proxy wrote it
        {"method":"GET","authority":"a","path":"/","downstream_local_address":"web:80"} | is no ADDRESS:PORT
        """)
    void noLines(String line, String why) {
        AccessReplay replay = new AccessReplay(Snapshot.empty(), Snapshot.empty(), "", "d");
        assertThatThrownBy(() -> replay.add(line)).hasMessageContaining(why);
    }

    @Test
    void rulesOfFilesOverThoseInForce() {
        Snapshot before = snapshot(rules("only client"));
        RuleFiles files = new RuleFiles(before, "d");
        files.add("new.yaml", rules("no admin") + "---\n" + MESH);
        assertThat(files.problems())
                .extracting(Object::toString)
                .hasSize(2)
                .allMatch(text -> text.contains("passed over"));
        assertThat(files.after().rules().security().policies("d", Map.of("app", "web")))
                .extracting(policy -> policy.name())
                .isEqualTo(List.of("no-admin", "only-client"));
    }
}
