package dev.lateen.proxycore.balance;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.cluster.CompiledCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Rings and tables equal Envoy's for the same hosts, weighted ones and those of several localities among them. The places
 * are those that Envoy's own tests of its balancers state (ring_hash_lb_test, maglev_lb_test); hosts are ports of 127.0.0.1.
 */
class HashTablesTest {
    private static final String BY_LOCALITY = "common_lb_config { locality_weighted_lb_config {} } ";
    private static final String BY_NAME =
            "common_lb_config { consistent_hashing_lb_config { use_hostname_for_hashing: true } } ";

    private final Random random = new Random(1);

    /**
     * @param localities separated by a slash, each its weight and its hosts: {@code 2: 90*1 91*3}; hosts are named by their
     *     ports
     */
    private LiveCluster cluster(String settings, String localities) throws CompileException {
        StringBuilder text = new StringBuilder("name: 'c' " + settings + " load_assignment { ");
        int zone = 0;
        for (String locality : localities.split("/")) {
            String[] parts = locality.split(":");
            text.append("endpoints { locality { zone: 'z").append(zone++).append("' } ");
            if (!parts[0].strip().equals("0")) {
                text.append("load_balancing_weight { value: ")
                        .append(parts[0].strip())
                        .append(" } ");
            }
            for (String host : parts[1].strip().split(" ")) {
                String[] weighted = host.split("\\*");
                text.append("lb_endpoints { load_balancing_weight { value: ")
                        .append(weighted.length > 1 ? weighted[1] : "1")
                        .append(" } endpoint { hostname: '")
                        .append(weighted[0])
                        .append("' address { socket_address { address: '127.0.0.1' port_value: ")
                        .append(weighted[0])
                        .append(" } } } } ");
            }
            text.append("} ");
        }
        return LiveCluster.of(CompiledCluster.of(TextProto.cluster(text + "}")), random);
    }

    /** Of a request with this hash, which is not 0: that stands for none. */
    private int port(LiveCluster cluster, long hash) {
        return requireNonNull(cluster.balancer().pick(new Pick(random).hash(hash)), "a host")
                .address()
                .getPort();
    }

    /** Each point of a ring is its host's, and what comes behind it is the next one's. */
    @ParameterizedTest(name = "{0}{1}..{2} {3}")
    @CsvSource(delimiter = '|', textBlock = """
            ''          | 12 | 8388608 | 1: 90 91 92 93 94 95         | 94 833437586790550860 92 928266305478181108 90 1033482794131418490 \
            95 3551244743356806947 93 3851675632748031481 91 5583722120771150861 91 6311230543546372928 93 7700377290971790572 \
            95 13144177310400110813 92 13444792449719432967 94 15516499411664133160 90 16117243373044804889
            by name     | 12 | 8388608 | 1: 90 91 92 93 94 95         | 95 1975508444536362413 95 2376063919839173711 93 2386806903309390596 \
            94 6749904478991551885 93 6803900775736438537 92 7225015537174310577 90 8787465352164086522 92 11282020843382717940 \
            91 13723418369486627818 90 13776502110861797421 91 14338313586354474791 94 15364271037087512980
            ''          | 3  | 8388608 | 1: 80 81                     | 80 5454692015285649509 81 7859399908942313493 80 13838424394637650569 \
            81 16064866803292627174
            ''          | 3  | 8388608 | 1: 81 82                     | 81 7859399908942313493 82 8241336090459785962 82 12882406409176325258 \
            81 16064866803292627174
            ''          | 6  | 6       | 1: 90*1 91*2 92*3            | 92 928266305478181108 92 4443673547860492590 91 5583722120771150861 \
            91 6311230543546372928 92 13444792449719432967 90 16117243373044804889
            by locality | 6  | 6       | 1: 90 / 2: 91 / 3: 92 / 0: 93 | 92 928266305478181108 92 4443673547860492590 91 5583722120771150861 \
            91 6311230543546372928 92 13444792449719432967 90 16117243373044804889
            by locality | 9  | 9       | 1: 90*1 91*2 / 2: 92*1 93*2  | 92 928266305478181108 93 3851675632748031481 91 5583722120771150861 \
            91 6311230543546372928 93 7700377290971790572 93 12559126875973811811 92 13444792449719432967 93 13784988426630141778 \
            90 16117243373044804889
            """)
    void rings(String how, int least, int most, String hosts, String points) throws Exception {
        LiveCluster cluster = cluster(
                settings(how) + "lb_policy: RING_HASH ring_hash_lb_config { minimum_ring_size { value: " + least
                        + " } maximum_ring_size { value: " + most + " } }",
                hosts);
        String[] words = points.split(" ");
        for (int i = 0; i < words.length; i += 2) {
            long point = Long.parseUnsignedLong(words[i + 1]);
            assertThat(port(cluster, point)).as("at %s", words[i + 1]).isEqualTo(Integer.parseInt(words[i]));
            assertThat(port(cluster, point + 1))
                    .as("behind %s", words[i + 1])
                    .isEqualTo(Integer.parseInt(words[(i + 2) % words.length]));
        }
        assertThat(port(cluster, 1)).isEqualTo(Integer.parseInt(words[0]));
        assertThat(port(cluster, -1)).isEqualTo(Integer.parseInt(words[0]));
    }

    @Test
    void aLargeRing_hasTheSameShares() throws Exception {
        LiveCluster cluster = cluster(
                "lb_policy: RING_HASH ring_hash_lb_config { minimum_ring_size { value: 6144 } }", "1: 90*1 91*2 92*3");
        int[] counts = new int[3];
        long step = Long.divideUnsigned(-1, 6000);
        for (int i = 0; i < 6000; i++) {
            counts[port(cluster, i == 0 ? 1 : i * step) - 90]++;
        }
        assertThat(counts).containsExactly(987, 1932, 3081);
    }

    @ParameterizedTest(name = "{0}{1} {2}")
    @CsvSource(delimiter = '|', textBlock = """
            ''          | 7  | 1: 90 91 92 93 94 95       | 92 94 90 91 95 90 93
            by name     | 7  | 1: 90 91 92 93 94 95       | 92 95 90 93 94 91 90
            ''          | 17 | 1: 90*1 91*2               | 91 90 90 91 90 91 91 90 91 91 91 91 91 90 91 90 91
            ''          | 17 | 1: 90*7                    | 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90
            by locality | 17 | 1: 90*1 / 1: 91*2          | 91 90 90 91 90 91 91 90 90 91 90 91 90 90 91 90 91
            by locality | 17 | 8: 90*1 / 0: 92*3 / 2: 91*2 | 91 90 90 90 90 90 91 90 90 91 90 91 90 90 90 90 90
            """)
    void tables(String how, int size, String hosts, String expected) throws Exception {
        LiveCluster cluster = cluster(
                settings(how) + "lb_policy: MAGLEV maglev_lb_config { table_size { value: " + size + " } }", hosts);
        List<String> places = new ArrayList<>();
        for (int hash = 0; hash < size; hash++) {
            places.add(String.valueOf(port(cluster, size + hash)));
        }
        assertThat(String.join(" ", places)).isEqualTo(expected);
    }

    private static String settings(String how) {
        return switch (how) {
            case "by locality" -> BY_LOCALITY;
            case "by name" -> BY_NAME;
            default -> "";
        };
    }
}
