package dev.lateen.proxy.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the script would write, for its flags and variables; nothing is written. */
class CaptureRulesTest {
    private static final String INJECTED =
            "-p 15001 -z 15006 -u 1337 -m REDIRECT -i * -x '' -b * -d 15090,15021,15020 --log_output_level=default:info";

    private record Result(int code, String out, String err) {}

    private static Result run(Map<String, String> environment, List<String> flags) throws Exception {
        List<String> command = new ArrayList<>(List.of("bash", "src/main/scripts/lateen-iptables"));
        command.addAll(flags);
        var builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String out = text(process.getInputStream());
        return new Result(process.waitFor(), out, text(process.getErrorStream()));
    }

    private static String text(java.io.InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Words as a shell splits them, with '' for an empty one. */
    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        for (String word : line.strip().split(" +")) {
            if (!word.isEmpty()) {
                words.add(word.equals("''") ? "" : word);
            }
        }
        return words;
    }

    private static String rules(Map<String, String> environment, String flags) throws Exception {
        Result result = run(environment, words(flags + " --dry-run"));
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
        return result.out();
    }

    @Test
    void whatInjectionAsksForIsIstiosRulesInTheirOrderWithTheMarkBeforeTheOwners() throws Exception {
        assertThat(rules(Map.of(), INJECTED).lines().filter(line -> line.startsWith("-A ISTIO")))
                .containsExactly(
                        "-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
                        "-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006",
                        "-A ISTIO_INBOUND -p tcp --dport 15008 -j RETURN",
                        "-A ISTIO_INBOUND -p tcp --dport 15090 -j RETURN",
                        "-A ISTIO_INBOUND -p tcp --dport 15021 -j RETURN",
                        "-A ISTIO_INBOUND -p tcp --dport 15020 -j RETURN",
                        "-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT",
                        "-A ISTIO_OUTPUT -o lo -s 127.0.0.6/32 -j RETURN",
                        "-A ISTIO_OUTPUT -o lo ! -d 127.0.0.1/32 -p tcp ! --dport 15008 -m mark --mark 1337 -j ISTIO_IN_REDIRECT",
                        "-A ISTIO_OUTPUT -m mark --mark 1337 -j RETURN",
                        "-A ISTIO_OUTPUT -o lo ! -d 127.0.0.1/32 -p tcp ! --dport 15008 -m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT",
                        "-A ISTIO_OUTPUT -o lo -m owner ! --uid-owner 1337 -j RETURN",
                        "-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN",
                        "-A ISTIO_OUTPUT -o lo ! -d 127.0.0.1/32 -p tcp ! --dport 15008 -m owner --gid-owner 1337 -j ISTIO_IN_REDIRECT",
                        "-A ISTIO_OUTPUT -o lo -m owner ! --gid-owner 1337 -j RETURN",
                        "-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN",
                        "-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN",
                        "-A ISTIO_OUTPUT -j ISTIO_REDIRECT");
    }

    @ParameterizedTest(name = "{0} writes {1}")
    @CsvSource(quoteCharacter = '\0', delimiter = '|', textBlock = """
                    -b 80,8080                            | -A ISTIO_INBOUND -p tcp --dport 8080 -j ISTIO_IN_REDIRECT
                    istio-iptables -b 80                  | -A ISTIO_INBOUND -p tcp --dport 80 -j ISTIO_IN_REDIRECT
                    -b=80                                 | -A ISTIO_INBOUND -p tcp --dport 80 -j ISTIO_IN_REDIRECT
                    -b80                                  | -A ISTIO_INBOUND -p tcp --dport 80 -j ISTIO_IN_REDIRECT
                    --istio-inbound-ports 80              | -A PREROUTING -p tcp -j ISTIO_INBOUND
                    -i 10.0.0.0/8,fd00::/8                | -A ISTIO_OUTPUT -d 10.0.0.0/8 -j ISTIO_REDIRECT
                    -i 10.0.0.0/8,fd00::/8 --dual-stack   | -A ISTIO_OUTPUT -d fd00::/8 -j ISTIO_REDIRECT
                    -i * -x 10.1.0.0/16,10.2.0.1          | -A ISTIO_OUTPUT -d 10.2.0.1 -j RETURN
                    -q 8443                               | -A ISTIO_OUTPUT -p tcp --dport 8443 -j ISTIO_REDIRECT
                    -o 25                                 | -A ISTIO_OUTPUT -p tcp --dport 25 -j RETURN
                    -c eth1 -b *                          | -A ISTIO_INBOUND -i eth1 -j RETURN
                    -k net1 -i 10.0.0.0/8                 | -A ISTIO_INBOUND -i net1 -d 10.0.0.0/8 -j ISTIO_REDIRECT
                    -p 7001                               | -A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 7001
                    -u 7 -g 8                             | -A ISTIO_OUTPUT -m owner --gid-owner 8 -j RETURN
                    --socket-mark 5                       | -A ISTIO_OUTPUT -m mark --mark 5 -j RETURN
                    --drop-invalid                        | -A PREROUTING -m conntrack --ctstate INVALID -j ISTIO_DROP
                    --redirect-dns --capture-all-dns      | -A ISTIO_OUTPUT_DNS -p udp --dport 53 -j REDIRECT --to-ports 15053
                    --redirect-dns --capture-all-dns=true | -A ISTIO_OUTPUT -o lo -p tcp ! --dport 53 -m owner ! --uid-owner 1337 -j RETURN
                    """)
    void flags(String flags, String rule) throws Exception {
        assertThat(rules(Map.of(), flags).lines()).contains(rule);
    }

    @ParameterizedTest(name = "{0}={1} writes {2}")
    @CsvSource(quoteCharacter = '\0', delimiter = '|', textBlock = """
                    ENVOY_PORT                          | 7001    | -A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 7001
                    ISTIO_OUTBOUND_OWNER_GROUPS         | 7,8     | -A ISTIO_OUTPUT -m owner ! --gid-owner 7 -m owner ! --gid-owner 8 -j RETURN
                    ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE | 7       | -A ISTIO_OUTPUT -m owner --gid-owner 7 -j RETURN
                    INVALID_DROP                        | true    | -A ISTIO_DROP -j DROP
                    """)
    void variables(String name, String value, String rule) throws Exception {
        assertThat(rules(Map.of(name, value), "").lines()).contains(rule);
    }

    @Test
    void callsOverLoopbackAreCapturedWhenLoopbackIsIncluded() throws Exception {
        assertThat(rules(Map.of(), "-i 127.0.0.0/8")).doesNotContain("-o lo -m owner ! --uid-owner");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(quoteCharacter = '\0', delimiter = '|', textBlock = """
                    --foo                | unknown flag --foo; lateen-iptables --help lists the flags
                    -p                   | flag -p needs a value
                    -p http              | --envoy-port: expected a port, got "http"
                    -d 80,x              | --istio-local-exclude-ports: expected ports, got "x"
                    -i 10.0.0.0/8,host   | --istio-service-cidr: expected addresses, CIDRs or *, got "host"
                    -m TPROXY            | mode TPROXY needs a proxy that listens transparently, which Lateen's does not; use -m REDIRECT
                    --redirect-dns=maybe | --redirect-dns is on or off: expected true or false, got "maybe"
                    rules                | unexpected argument "rules"; lateen-iptables --help lists the flags
                    """)
    void refuses(String flags, String message) throws Exception {
        Result result = run(Map.of(), words("--dry-run " + flags));
        assertThat(result.err()).isEqualTo("lateen-iptables: " + message + "\n");
        assertThat(result.code()).isEqualTo(1);
    }
}
