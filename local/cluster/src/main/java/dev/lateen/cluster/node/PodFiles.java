package dev.lateen.cluster.node;

import dev.lateen.cluster.network.Hub;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The files of {@code /etc} that belong to a pod. */
final class PodFiles {
    private PodFiles() {}

    static String hostname(Pod pod) {
        String own = pod.getSpec().getHostname();
        String name = own == null || own.isEmpty() ? pod.getMetadata().getName() : own;
        return name.length() > 63 ? name.substring(0, 63) : name;
    }

    static Map<String, String> etc(Pod pod) {
        Map<String, String> files = new LinkedHashMap<>();
        files.put("hostname", hostname(pod) + "\n");
        files.put("hosts", hosts(pod));
        files.put("resolv.conf", resolver(pod));
        files.put(
                "nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nprotocols: files\nservices: files\n");
        files.put("passwd", """
                root:x:0:0:root:/root:/bin/bash
                istio-proxy:x:1337:1337:istio-proxy:/tmp:/bin/sh
                nobody:x:65534:65534:nobody:/tmp:/bin/sh
                """);
        files.put("group", "root:x:0:\nistio-proxy:x:1337:\nnogroup:x:65534:\n");
        return files;
    }

    private static String hosts(Pod pod) {
        var text = new StringBuilder("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n@ADDRESS@\t");
        if (pod.getSpec().getSubdomain() != null
                && !pod.getSpec().getSubdomain().isEmpty()) {
            text.append(hostname(pod))
                    .append('.')
                    .append(pod.getSpec().getSubdomain())
                    .append('.');
            text.append(pod.getMetadata().getNamespace()).append(".svc.cluster.local\t");
        }
        text.append(hostname(pod)).append('\n');
        for (var alias : pod.getSpec().getHostAliases()) {
            text.append(alias.getIp())
                    .append('\t')
                    .append(String.join("\t", alias.getHostnames()))
                    .append('\n');
        }
        return text.toString();
    }

    private static String resolver(Pod pod) {
        String namespace = pod.getMetadata().getNamespace();
        var text = new StringBuilder();
        var own = pod.getSpec().getDnsConfig();
        if (!"None".equals(pod.getSpec().getDnsPolicy())) {
            text.append("search ").append(namespace).append(".svc.cluster.local svc.cluster.local cluster.local");
            if (own != null) {
                own.getSearches().forEach(each -> text.append(' ').append(each));
            }
            text.append("\nnameserver ").append(Hub.DNS_ADDRESS).append('\n');
        } else if (own != null && !own.getSearches().isEmpty()) {
            text.append("search ").append(String.join(" ", own.getSearches())).append('\n');
        }
        List<String> options = own == null
                ? List.of()
                : own.getOptions().stream()
                        .map(o -> o.getValue() == null ? o.getName() : o.getName() + ":" + o.getValue())
                        .toList();
        if (own != null) {
            own.getNameservers()
                    .forEach(each -> text.append("nameserver ").append(each).append('\n'));
        }
        boolean dots = options.stream().anyMatch(o -> o.startsWith("ndots"));
        text.append("options ").append(dots ? "" : "ndots:5 ");
        return text.append(options.stream().collect(Collectors.joining(" ")))
                .append('\n')
                .toString();
    }
}
