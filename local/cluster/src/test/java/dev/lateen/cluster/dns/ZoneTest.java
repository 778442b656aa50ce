package dev.lateen.cluster.dns;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.cluster.dns.DnsMessage.Answer;
import dev.lateen.cluster.dns.DnsMessage.Question;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.StringJoiner;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names of the cluster, as "Kubernetes DNS-Based Service Discovery", version 1.1.0, has them. */
final class ZoneTest {
    private static final Service WEB = service("web", "10.96.0.20", null);
    private static final Service PEERS = service("peers", "None", null);
    private static final Service ELSEWHERE = service("elsewhere", null, "example.org");

    private final Zone zone = new Zone(new Names(), new Random(1));

    private static Service service(String name, @Nullable String ip, @Nullable String external) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("shop")
                .endMetadata()
                .withNewSpec()
                .withClusterIP(ip)
                .withType(external == null ? "ClusterIP" : "ExternalName")
                .withExternalName(external)
                .addNewPort()
                .withName("http")
                .withPort(80)
                .withProtocol("TCP")
                .endPort()
                .endSpec()
                .build();
    }

    private static final class Names implements ClusterNames {
        @Override
        public @Nullable Service service(String namespace, String name) {
            return services().stream()
                    .filter(service -> service.getMetadata().getName().equals(name) && namespace.equals("shop"))
                    .findFirst()
                    .orElse(null);
        }

        @Override
        public List<EndpointSlice> slices(String namespace, String service) {
            return List.of(new EndpointSliceBuilder()
                    .addToEndpoints(
                            new EndpointBuilder()
                                    .withAddresses("10.244.0.7")
                                    .withHostname("peers-0")
                                    .withNewConditions()
                                    .withReady(true)
                                    .endConditions()
                                    .build(),
                            new EndpointBuilder()
                                    .withAddresses("10.244.0.8")
                                    .withNewConditions()
                                    .withReady(false)
                                    .endConditions()
                                    .build())
                    .addNewPort()
                    .withName("http")
                    .withPort(8080)
                    .withProtocol("TCP")
                    .endPort()
                    .build());
        }

        @Override
        public List<Service> services() {
            return List.of(WEB, PEERS, ELSEWHERE);
        }

        @Override
        public Map<String, List<String>> hosts() {
            return Map.of("httpbin.org", List.of("198.51.100.10"));
        }
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            # name,                                            type,  answers
            web.shop.svc.cluster.local,                        A,     10.96.0.20
            web.shop.svc.cluster.local,                        AAAA,  nothing
            web.other.svc.cluster.local,                       A,     no such name
            nothing.shop.svc.cluster.local,                    A,     no such name
            peers.shop.svc.cluster.local,                      A,     10.244.0.7
            peers-0.peers.shop.svc.cluster.local,              A,     10.244.0.7
            10-244-0-8.peers.shop.svc.cluster.local,           A,     10.244.0.8
            peers-1.peers.shop.svc.cluster.local,              A,     no such name
            peers-0.web.shop.svc.cluster.local,                A,     no such name
            _http._tcp.web.shop.svc.cluster.local,             SRV,   0 100 80 web.shop.svc.cluster.local
            _http._tcp.peers.shop.svc.cluster.local,           SRV,   0 100 8080 peers-0.peers.shop.svc.cluster.local
            _http._udp.web.shop.svc.cluster.local,             SRV,   nothing
            web.shop.svc.cluster.local,                        SRV,   0 100 80 web.shop.svc.cluster.local
            elsewhere.shop.svc.cluster.local,                  A,     example.org
            10-244-0-8.shop.pod.cluster.local,                 A,     10.244.0.8
            somewhere.shop.pod.cluster.local,                  A,     no such name
            svc.cluster.local,                                 A,     nothing
            cluster.local,                                     A,     nothing
            web.shop.cluster.local,                            A,     no such name
            httpbin.org,                                       A,     198.51.100.10
            httpbin.org,                                       AAAA,  nothing
            example.org,                                       A,     of the outside
            mycluster.local,                                   A,     of the outside
            20.0.96.10.in-addr.arpa,                           PTR,   web.shop.svc.cluster.local
            7.0.244.10.in-addr.arpa,                           PTR,   peers-0.peers.shop.svc.cluster.local
            99.0.244.10.in-addr.arpa,                          PTR,   no such name
            1.0.0.8.in-addr.arpa,                              PTR,   of the outside
            """)
    void answers(String name, String type, String expected) {
        assertThat(text(zone.answer(question(name, type)))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"nothing.shop.svc.cluster.local", "web.shop.svc.cluster.local"})
    void anAnswerWithoutRecordsNamesTheAuthorityForHowLongToRemember(String name) {
        assertThat(zone.answer(question(name, "AAAA")).orElseThrow().authority())
                .singleElement()
                .satisfies(soa -> assertThat(soa.type()).isEqualTo(DnsMessage.SOA));
    }

    private static Question question(String name, String type) {
        int number =
                switch (type) {
                    case "A" -> DnsMessage.A;
                    case "AAAA" -> DnsMessage.AAAA;
                    case "SRV" -> DnsMessage.SRV;
                    case "PTR" -> DnsMessage.PTR;
                    default -> throw new IllegalArgumentException(type);
                };
        return new Question(1, true, name, number, 512, false);
    }

    private static String text(Optional<Zone.Reply> reply) {
        if (reply.isEmpty()) {
            return "of the outside";
        }
        if (!reply.get().exists()) {
            return "no such name";
        }
        var text = new StringJoiner(" and ");
        text.setEmptyValue("nothing");
        for (Answer answer : reply.get().answers()) {
            ByteBuffer data = ByteBuffer.wrap(answer.data());
            text.add(
                    switch (answer.type()) {
                        case DnsMessage.A ->
                            (data.get() & 0xff) + "." + (data.get() & 0xff) + "." + (data.get() & 0xff) + "."
                                    + (data.get() & 0xff);
                        case DnsMessage.SRV ->
                            data.getShort() + " " + data.getShort() + " " + data.getShort() + " " + name(data);
                        default -> name(data);
                    });
        }
        return text.toString();
    }

    private static String name(ByteBuffer data) {
        var name = new StringJoiner(".");
        for (int length = data.get(); length > 0; length = data.get()) {
            byte[] label = new byte[length];
            data.get(label);
            name.add(new String(label, StandardCharsets.US_ASCII));
        }
        return name.toString();
    }

    @Property
    void anyPacketIsAQuestionOrNone(@ForAll @Size(max = 300) byte[] packet) {
        DnsMessage.question(ByteBuffer.wrap(packet)).ifPresent(question -> {
            Optional<Zone.Reply> reply = zone.answer(question);
            reply.ifPresent(found -> assertThat(DnsMessage.answer(question, 0, found.answers(), found.authority(), 512))
                    .hasSizeLessThanOrEqualTo(512));
        });
    }

    @Property(tries = 300)
    void aQuestionThatAsksIsUnderstood(@ForAll @Size(min = 1, max = 60) byte[] label, @ForAll short id) {
        byte[] name = new byte[label.length];
        for (int i = 0; i < label.length; i++) {
            name[i] = (byte) ('a' + Math.floorMod(label[i], 26));
        }
        String text = new String(name, StandardCharsets.US_ASCII) + ".shop";
        ByteBuffer packet = ByteBuffer.allocate(512);
        packet.putShort(id).putShort((short) 0x0100).putShort((short) 1).putShort((short) 0);
        packet.putShort((short) 0).putShort((short) 0).put(DnsMessage.name(text));
        packet.putShort((short) DnsMessage.A).putShort((short) 1).flip();
        Question question = DnsMessage.question(packet).orElseThrow();
        assertThat(question.name()).isEqualTo(text);
        assertThat(question.id()).isEqualTo(id & 0xffff);
        assertThat(question.recursionDesired()).isTrue();
    }
}
