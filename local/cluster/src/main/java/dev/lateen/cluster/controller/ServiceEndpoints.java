package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.EndpointsBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints of a Service with a selector, from the pods that are there: pure. A pod counts from when it has an
 * address until it is over; a slice holds the pods whose ports resolve alike, at most 100.
 */
final class ServiceEndpoints {
    static final String SERVICE = "kubernetes.io/service-name";
    static final String MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
    static final String MANAGER = "endpointslice-controller.k8s.io";
    private static final int LARGEST = 100;

    private final Service service;
    private final Map<List<EndpointPort>, List<Pod>> groups = new LinkedHashMap<>();

    ServiceEndpoints(Service service, List<Pod> pods) {
        this.service = service;
        for (Pod pod : pods.stream()
                .filter(this::selected)
                .filter(pod -> !Pods.over(pod)
                        && pod.getStatus() != null
                        && pod.getStatus().getPodIP() != null)
                .sorted(Comparator.comparing(pod -> pod.getMetadata().getName()))
                .toList()) {
            groups.computeIfAbsent(ports(pod), ports -> new ArrayList<>()).add(pod);
        }
        if (groups.isEmpty()) {
            groups.put(List.of(), List.of());
        }
    }

    static boolean hasSelector(Service service) {
        return service.getSpec() != null
                && service.getSpec().getSelector() != null
                && !service.getSpec().getSelector().isEmpty()
                && !"ExternalName".equals(service.getSpec().getType());
    }

    private boolean selected(Pod pod) {
        return selects(service, pod);
    }

    static boolean selects(Service service, Pod pod) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        return hasSelector(service)
                && Objects.equals(
                        service.getMetadata().getNamespace(), pod.getMetadata().getNamespace())
                && labels != null
                && labels.entrySet().containsAll(service.getSpec().getSelector().entrySet());
    }

    private List<EndpointPort> ports(Pod pod) {
        List<EndpointPort> ports = new ArrayList<>();
        for (ServicePort each : Objects.requireNonNullElse(service.getSpec().getPorts(), List.<ServicePort>of())) {
            Integer number = number(each, pod);
            if (number != null) {
                ports.add(new EndpointPortBuilder()
                        .withName(Objects.requireNonNullElse(each.getName(), ""))
                        .withPort(number)
                        .withProtocol(Objects.requireNonNullElse(each.getProtocol(), "TCP"))
                        .withAppProtocol(each.getAppProtocol())
                        .build());
            }
        }
        return ports;
    }

    private static @Nullable Integer number(ServicePort port, Pod pod) {
        IntOrString target = port.getTargetPort();
        if (target == null) {
            return port.getPort();
        }
        if (target.getStrVal() == null || target.getStrVal().isEmpty()) {
            return target.getIntVal() == null || target.getIntVal() == 0 ? port.getPort() : target.getIntVal();
        }
        Stream<Container> sidecars =
                Objects.requireNonNullElse(pod.getSpec().getInitContainers(), List.<Container>of()).stream()
                        .filter(container -> "Always".equals(container.getRestartPolicy()));
        return Stream.concat(pod.getSpec().getContainers().stream(), sidecars)
                .flatMap(container ->
                        Objects.requireNonNullElse(container.getPorts(), List.<ContainerPort>of()).stream())
                .filter(each -> target.getStrVal().equals(each.getName()))
                .filter(each -> Objects.requireNonNullElse(each.getProtocol(), "TCP")
                        .equals(Objects.requireNonNullElse(port.getProtocol(), "TCP")))
                .map(ContainerPort::getContainerPort)
                .findFirst()
                .orElse(null);
    }

    /** The slices by name. */
    Map<String, EndpointSlice> slices() {
        Map<String, EndpointSlice> slices = new TreeMap<>();
        for (var group : groups.entrySet()) {
            List<Pod> pods = group.getValue();
            for (int start = 0; start == 0 || start < pods.size(); start += LARGEST) {
                EndpointSlice slice =
                        slice(group.getKey(), pods.subList(start, Math.min(start + LARGEST, pods.size())), start);
                slices.put(slice.getMetadata().getName(), slice);
            }
        }
        return slices;
    }

    private EndpointSlice slice(List<EndpointPort> ports, List<Pod> pods, int start) {
        var meta = service.getMetadata();
        Map<String, String> labels = new TreeMap<>(Objects.requireNonNullElse(meta.getLabels(), Map.of()));
        labels.put(SERVICE, meta.getName());
        labels.put(MANAGED_BY, MANAGER);
        if ("None".equals(service.getSpec().getClusterIP())) {
            labels.put("service.kubernetes.io/headless", "");
        }
        String suffix = suffix(Objects.hash(ports, start));
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withName(meta.getName() + "-" + suffix)
                .withGenerateName(meta.getName() + "-")
                .withNamespace(meta.getNamespace())
                .withLabels(labels)
                .withOwnerReferences(Owners.controlledBy(service))
                .endMetadata()
                .withAddressType("IPv4")
                .withPorts(ports)
                .withEndpoints(pods.stream().map(this::endpoint).toList())
                .build();
    }

    /** Five letters, the same for the same ports. */
    private static String suffix(int hash) {
        String letters = "bcdfghjklmnpqrstvwxz2456789";
        StringBuilder text = new StringBuilder();
        for (long left = Integer.toUnsignedLong(hash); text.length() < 5; left /= letters.length()) {
            text.append(letters.charAt((int) (left % letters.length())));
        }
        return text.toString();
    }

    private Endpoint endpoint(Pod pod) {
        boolean leaving = pod.getMetadata().getDeletionTimestamp() != null;
        boolean serving = Pods.ready(pod) || evenNotReady();
        String subdomain = pod.getSpec().getSubdomain();
        boolean named = service.getMetadata().getName().equals(subdomain);
        return new EndpointBuilder()
                .withAddresses(pod.getStatus().getPodIP())
                .withNewConditions()
                .withReady(evenNotReady() || (serving && !leaving))
                .withServing(serving)
                .withTerminating(leaving)
                .endConditions()
                .withHostname(named ? pod.getSpec().getHostname() : null)
                .withNodeName(pod.getSpec().getNodeName())
                .withTargetRef(reference(pod))
                .build();
    }

    private boolean evenNotReady() {
        return Boolean.TRUE.equals(service.getSpec().getPublishNotReadyAddresses());
    }

    private static ObjectReference reference(Pod pod) {
        return new ObjectReferenceBuilder()
                .withKind("Pod")
                .withName(pod.getMetadata().getName())
                .withNamespace(pod.getMetadata().getNamespace())
                .withUid(pod.getMetadata().getUid())
                .build();
    }

    /** The same as the older kind. */
    Endpoints endpoints() {
        var meta = service.getMetadata();
        var builder = new EndpointsBuilder()
                .withNewMetadata()
                .withName(meta.getName())
                .withNamespace(meta.getNamespace())
                .withLabels(meta.getLabels())
                .addToLabels("endpoints.kubernetes.io/managed-by", "endpoint-controller")
                .endMetadata();
        if ("None".equals(service.getSpec().getClusterIP())) {
            builder.editMetadata()
                    .addToLabels("service.kubernetes.io/headless", "")
                    .endMetadata();
        }
        for (var group : groups.entrySet()) {
            if (group.getValue().isEmpty()) {
                continue;
            }
            var subset = builder.addNewSubset();
            for (Pod pod : group.getValue()) {
                boolean ready =
                        evenNotReady() || (Pods.ready(pod) && pod.getMetadata().getDeletionTimestamp() == null);
                if (ready) {
                    subset.addNewAddress()
                            .withIp(pod.getStatus().getPodIP())
                            .withNodeName(pod.getSpec().getNodeName())
                            .withTargetRef(reference(pod))
                            .endAddress();
                } else {
                    subset.addNewNotReadyAddress()
                            .withIp(pod.getStatus().getPodIP())
                            .withNodeName(pod.getSpec().getNodeName())
                            .withTargetRef(reference(pod))
                            .endNotReadyAddress();
                }
            }
            for (EndpointPort port : group.getKey()) {
                subset.addNewPort()
                        .withName(port.getName().isEmpty() ? null : port.getName())
                        .withPort(port.getPort())
                        .withProtocol(port.getProtocol())
                        .withAppProtocol(port.getAppProtocol())
                        .endPort();
            }
            subset.endSubset();
        }
        return builder.build();
    }
}
