package dev.lateen.cluster.dns;

import dev.lateen.cluster.dns.DnsMessage.Answer;
import dev.lateen.cluster.dns.DnsMessage.Question;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Answers for the cluster's domain, as the specification "Kubernetes DNS-Based Service Discovery" has it, and for the
 * names that the cluster's configuration adds. Everything else is for the outside.
 */
final class Zone {
    private static final String DOMAIN = "cluster.local";
    private static final int SECONDS = 5;
    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

    /** The answers; {@code exists} is false for a name that there is not. */
    record Reply(boolean exists, List<Answer> answers, List<Answer> authority) {}

    private final ClusterNames names;
    private final RandomGenerator random;

    Zone(ClusterNames names, RandomGenerator random) {
        this.names = names;
        this.random = random;
    }

    /** The answer; empty when the name is not the cluster's. */
    Optional<Reply> answer(Question question) {
        String name = question.name();
        List<String> hosts = names.hosts().get(name);
        if (hosts != null) {
            return Optional.of(new Reply(true, addresses(question, hosts), List.of()));
        }
        if (name.endsWith(".in-addr.arpa")) {
            return reverse(question);
        }
        if (!name.equals(DOMAIN) && !name.endsWith("." + DOMAIN)) {
            return Optional.empty();
        }
        List<String> labels = name.equals(DOMAIN)
                ? List.of()
                : Arrays.asList(
                        name.substring(0, name.length() - DOMAIN.length() - 1).split("\\.", -1));
        List<Answer> found = find(question, labels);
        boolean any = found == null || !found.isEmpty();
        return Optional.of(new Reply(
                found != null,
                found == null ? List.of() : found,
                found == null || !any ? List.of(authority()) : List.of()));
    }

    private static Answer authority() {
        var data = new ByteArrayOutputStream();
        data.writeBytes(DnsMessage.name("ns.dns." + DOMAIN));
        data.writeBytes(DnsMessage.name("hostmaster." + DOMAIN));
        data.writeBytes(ByteBuffer.allocate(20)
                .putInt(1)
                .putInt(7200)
                .putInt(1800)
                .putInt(86400)
                .putInt(SECONDS)
                .array());
        return new Answer(DOMAIN, DnsMessage.SOA, SECONDS, data.toByteArray());
    }

    /** The answers for a name of the domain, null for one that does not exist. */
    private @Nullable List<Answer> find(Question question, List<String> labels) {
        int count = labels.size();
        if (count == 0
                || (count == 1
                        && (labels.getFirst().equals("svc") || labels.getFirst().equals("pod")))) {
            return List.of();
        }
        if (labels.getLast().equals("pod") && count == 3) {
            String address = labels.getFirst().replace('-', '.');
            return IPV4.matcher(address).matches() ? addresses(question, List.of(address)) : null;
        }
        if (!labels.getLast().equals("svc") || count < 3) {
            return null;
        }
        String namespace = labels.get(count - 2);
        Service service = names.service(namespace, labels.get(count - 3));
        if (service == null) {
            return null;
        }
        List<String> front = labels.subList(0, count - 3);
        List<EndpointSlice> slices =
                names.slices(namespace, service.getMetadata().getName());
        if (front.isEmpty()) {
            return service(question, service, slices);
        }
        if (front.size() == 2
                && front.getFirst().startsWith("_")
                && front.get(1).startsWith("_")) {
            return ports(
                    question,
                    service,
                    slices,
                    front.getFirst().substring(1),
                    front.get(1).substring(1));
        }
        if (front.size() == 1 && headless(service)) {
            List<String> found = slices.stream()
                    .flatMap(slice -> slice.getEndpoints().stream())
                    .filter(endpoint -> hostname(endpoint).equals(front.getFirst()))
                    .flatMap(endpoint -> endpoint.getAddresses().stream())
                    .toList();
            return found.isEmpty() ? null : addresses(question, found);
        }
        return null;
    }

    private List<Answer> service(Question question, Service service, List<EndpointSlice> slices) {
        if ("ExternalName".equals(service.getSpec().getType())) {
            String target = service.getSpec().getExternalName();
            return target == null
                    ? List.of()
                    : List.of(new Answer(question.name(), DnsMessage.CNAME, SECONDS, DnsMessage.name(target)));
        }
        if (question.type() == DnsMessage.SRV) {
            List<Answer> all = new ArrayList<>();
            for (ServicePort port : service.getSpec().getPorts()) {
                if (port.getName() != null) {
                    String protocol = port.getProtocol() == null
                            ? "tcp"
                            : port.getProtocol().toLowerCase(Locale.ROOT);
                    all.addAll(ports(question, service, slices, port.getName(), protocol));
                }
            }
            return all;
        }
        if (!headless(service)) {
            String ip = service.getSpec().getClusterIP();
            return ip == null ? List.of() : addresses(question, List.of(ip));
        }
        List<String> ready = new ArrayList<>(slices.stream()
                .flatMap(slice -> slice.getEndpoints().stream())
                .filter(Zone::ready)
                .flatMap(endpoint -> endpoint.getAddresses().stream())
                .distinct()
                .toList());
        Collections.shuffle(ready, random);
        return addresses(question, ready);
    }

    private List<Answer> ports(
            Question question, Service service, List<EndpointSlice> slices, String port, String protocol) {
        if (question.type() != DnsMessage.SRV && question.type() != DnsMessage.ANY) {
            return List.of();
        }
        var meta = service.getMetadata();
        String base = meta.getName() + "." + meta.getNamespace() + ".svc." + DOMAIN;
        List<Answer> result = new ArrayList<>();
        if (!headless(service)) {
            for (ServicePort each : service.getSpec().getPorts()) {
                if (port.equals(each.getName()) && matches(protocol, each.getProtocol())) {
                    result.add(server(question.name(), each.getPort(), base));
                }
            }
            return result;
        }
        for (EndpointSlice slice : slices) {
            for (EndpointPort each : slice.getPorts()) {
                if (port.equals(each.getName()) && each.getPort() != null && matches(protocol, each.getProtocol())) {
                    slice.getEndpoints().stream()
                            .filter(Zone::ready)
                            .forEach(endpoint -> result.add(
                                    server(question.name(), each.getPort(), hostname(endpoint) + "." + base)));
                }
            }
        }
        return result;
    }

    private static boolean matches(String asked, @Nullable String protocol) {
        return asked.equalsIgnoreCase(protocol == null ? "TCP" : protocol);
    }

    private static Answer server(String name, int port, String target) {
        byte[] host = DnsMessage.name(target);
        ByteBuffer data = ByteBuffer.allocate(6 + host.length);
        data.putShort((short) 0).putShort((short) 100).putShort((short) port).put(host);
        return new Answer(name, DnsMessage.SRV, SECONDS, data.array());
    }

    private Optional<Reply> reverse(Question question) {
        String[] parts = question.name()
                .substring(0, question.name().length() - ".in-addr.arpa".length())
                .split("\\.", -1);
        if (parts.length != 4 || !parts[3].equals("10") || !(parts[2].equals("96") || parts[2].equals("244"))) {
            return Optional.empty();
        }
        String address = parts[3] + "." + parts[2] + "." + parts[1] + "." + parts[0];
        for (Service service : names.services()) {
            var meta = service.getMetadata();
            String base = meta.getName() + "." + meta.getNamespace() + ".svc." + DOMAIN;
            if (address.equals(service.getSpec().getClusterIP())) {
                return Optional.of(pointer(question, base));
            }
            if (headless(service)) {
                for (EndpointSlice slice : names.slices(meta.getNamespace(), meta.getName())) {
                    for (Endpoint endpoint : slice.getEndpoints()) {
                        if (endpoint.getAddresses().contains(address)) {
                            return Optional.of(pointer(question, hostname(endpoint) + "." + base));
                        }
                    }
                }
            }
        }
        return Optional.of(new Reply(false, List.of(), List.of(authority())));
    }

    private static Reply pointer(Question question, String target) {
        boolean wanted = question.type() == DnsMessage.PTR || question.type() == DnsMessage.ANY;
        return new Reply(
                true,
                wanted
                        ? List.of(new Answer(question.name(), DnsMessage.PTR, SECONDS, DnsMessage.name(target)))
                        : List.of(),
                List.of());
    }

    private static boolean headless(Service service) {
        return "None".equals(service.getSpec().getClusterIP());
    }

    private static boolean ready(Endpoint endpoint) {
        return endpoint.getConditions() == null
                || !Objects.equals(endpoint.getConditions().getReady(), false);
    }

    private static String hostname(Endpoint endpoint) {
        String own = endpoint.getHostname();
        return own != null ? own : endpoint.getAddresses().getFirst().replace('.', '-');
    }

    private static List<Answer> addresses(Question question, List<String> addresses) {
        List<Answer> result = new ArrayList<>();
        for (String address : addresses) {
            byte[] bytes = bytes(address);
            int type = bytes.length == 4 ? DnsMessage.A : DnsMessage.AAAA;
            if (bytes.length > 0 && (question.type() == type || question.type() == DnsMessage.ANY)) {
                result.add(new Answer(question.name(), type, SECONDS, bytes));
            }
        }
        return result;
    }

    private static byte[] bytes(String address) {
        try {
            return IPV4.matcher(address).matches() || address.contains(":")
                    ? InetAddress.getByName(address).getAddress()
                    : new byte[0];
        } catch (UnknownHostException e) {
            return new byte[0];
        }
    }
}
