package dev.lateen.control.inject;

import dev.lateen.mesh.registry.IstioAnnotations;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Istio's annotations on a pod that say how its sidecar shall be, read and checked. */
record SidecarAnnotations(JsonNode annotations) {
    static final String STATUS = "sidecar.istio.io/status";
    static final String INJECT = "sidecar.istio.io/inject";

    private static final String TRAFFIC = "traffic.sidecar.istio.io/";
    private static final String PORTS_NEVER_CAPTURED = "15090,15021,15020";

    String text(String name, String otherwise) {
        return annotations.path(name).asString(otherwise);
    }

    /** Annotations for a sidecar that nothing here acts on, and values that cannot be honoured. */
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        for (String name : annotations.propertyNames()) {
            boolean forSidecar = name.startsWith("sidecar.istio.io/")
                    || name.startsWith(TRAFFIC)
                    || name.startsWith("proxy.istio.io/");
            if (forSidecar && !IstioAnnotations.OF_PODS.contains(name)) {
                problems.add("annotation " + name + " is not supported; remove it");
            }
        }
        String mode = text("sidecar.istio.io/interceptionMode", "REDIRECT");
        if (!mode.equals("REDIRECT")) {
            problems.add("annotation sidecar.istio.io/interceptionMode: " + mode
                    + " is not supported; connections are captured by REDIRECT");
        }
        return problems;
    }

    /** Flags of the container that writes the capture rules, those of istio-iptables. */
    List<String> captureArguments() {
        List<String> arguments = new ArrayList<>(List.of("-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT"));
        arguments.addAll(List.of("-i", text(TRAFFIC + "includeOutboundIPRanges", "*")));
        arguments.addAll(List.of("-x", text(TRAFFIC + "excludeOutboundIPRanges", "")));
        arguments.addAll(List.of("-b", text(TRAFFIC + "includeInboundPorts", "*")));
        String excluded = text(TRAFFIC + "excludeInboundPorts", "");
        arguments.addAll(List.of("-d", PORTS_NEVER_CAPTURED + (excluded.isEmpty() ? "" : "," + excluded)));
        optional(arguments, "-q", "includeOutboundPorts");
        optional(arguments, "-o", "excludeOutboundPorts");
        return arguments;
    }

    private void optional(List<String> arguments, String flag, String annotation) {
        String value = text(TRAFFIC + annotation, "");
        if (!value.isEmpty()) {
            arguments.addAll(List.of(flag, value));
        }
    }
}
