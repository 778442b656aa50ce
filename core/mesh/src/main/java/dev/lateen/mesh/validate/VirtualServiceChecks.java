package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.networking.ClaimName;
import dev.lateen.config.networking.Destination;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.GatewayNames;
import dev.lateen.config.networking.HttpRoute;
import dev.lateen.config.networking.TcpRoute.RouteDestination;
import dev.lateen.config.networking.VirtualService;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.rules.HostPolicy;
import dev.lateen.mesh.rules.Hosts;
import dev.lateen.mesh.security.SecurityRules;
import dev.lateen.mesh.translate.Scope;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Checks one VirtualService. */
final class VirtualServiceChecks {
    private final ConfigObject<VirtualService> object;
    private final Scope scope;
    private final Snapshot snapshot;
    private final Findings findings;

    VirtualServiceChecks(ConfigObject<VirtualService> object, Scope scope, Snapshot snapshot, Findings findings) {
        this.object = object;
        this.scope = scope;
        this.snapshot = snapshot;
        this.findings = findings;
    }

    void run() {
        VirtualService spec = object.spec();
        gateways(spec.gateways(), "spec.gateways");
        for (int i = 0; i < spec.http().size(); i++) {
            http(spec.http().get(i), "spec.http[" + i + "]");
            retries(i);
        }
        for (int i = 0; i < spec.tls().size(); i++) {
            connections(spec.tls().get(i).route(), "spec.tls[" + i + "]");
        }
        for (int i = 0; i < spec.tcp().size(); i++) {
            connections(spec.tcp().get(i).route(), "spec.tcp[" + i + "]");
        }
        UnreachableRules.run(object, findings);
    }

    private void http(HttpRoute route, String path) {
        for (int i = 0; i < route.match().size(); i++) {
            gateways(route.match().get(i).gateways(), path + ".match[" + i + "].gateways");
        }
        for (int i = 0; i < route.route().size(); i++) {
            destination(route.route().get(i).destination(), path + ".route[" + i + "].destination");
        }
        if (route.mirror() != null) {
            destination(route.mirror(), path + ".mirror");
        }
        for (int i = 0; i < route.mirrors().size(); i++) {
            destination(route.mirrors().get(i).destination(), path + ".mirrors[" + i + "].destination");
        }
    }

    private void retries(int index) {
        HttpRoute route = object.spec().http().get(index);
        boolean grpc = route.route().stream()
                .map(each ->
                        scope.service(Hosts.resolve(each.destination().host(), object.namespace(), snapshot.domain())))
                .anyMatch(service ->
                        service != null && service.ports().stream().anyMatch(port -> port.protocol() == Protocol.GRPC));
        String warning = UnsafeRetries.warning(route, object.spec().http().subList(0, index), grpc);
        if (warning != null) {
            findings.warning(object, "spec.http[" + index + "].retries", warning);
        }
    }

    private void connections(List<RouteDestination> route, String path) {
        for (int i = 0; i < route.size(); i++) {
            destination(route.get(i).destination(), path + ".route[" + i + "].destination");
        }
    }

    private void destination(Destination destination, String path) {
        String host = Hosts.resolve(destination.host(), object.namespace(), snapshot.domain());
        MeshService service = scope.service(host);
        if (service == null) {
            findings.missing(object, path + ".host", "no Service and no ServiceEntry has host " + host);
            return;
        }
        if (destination.port() != null) {
            int number = destination.port().number();
            if (service.port(number).isEmpty()) {
                findings.error(object, path + ".port.number", service.source() + " has no port " + number);
            }
        } else if (service.ports().size() > 1) {
            findings.warning(
                    object,
                    path,
                    service.source() + " has several ports: without port requests go to the one they came for");
        }
        subset(destination, service, path);
    }

    private void subset(Destination destination, MeshService service, String path) {
        if (destination.subset().isEmpty()) {
            return;
        }
        HostPolicy policy = scope.policy(service);
        if (policy == null) {
            findings.missing(
                    object, path + ".subset", "no DestinationRule of host " + service.host() + " names subsets");
        } else if (policy.subset(destination.subset()) == null) {
            findings.error(
                    object,
                    path + ".subset",
                    policy.source().objectName() + " ("
                            + policy.source().origin().at() + ") has no subset " + destination.subset());
        }
    }

    private void gateways(List<String> names, String path) {
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            if (name.equals(VirtualService.MESH)) {
                continue;
            }
            String place = GatewayNames.full(name, object.namespace());
            int slash = place.indexOf('/');
            ObjectName full =
                    new ObjectName(Kinds.GATEWAY.name(), place.substring(0, slash), place.substring(slash + 1));
            ConfigObject<?> gateway = snapshot.config().get(full);
            if (gateway == null) {
                findings.missing(object, path + "[" + i + "]", "there is no " + full);
            } else if (path.equals("spec.gateways")) {
                allowed(gateway.as(Kinds.GATEWAY), path + "[" + i + "]");
                verified(gateway.as(Kinds.GATEWAY), path + "[" + i + "]");
            }
        }
    }

    /** Claims are there only where a rule has tokens verified. */
    private void verified(ConfigObject<Gateway> gateway, String path) {
        boolean asked = object.spec().http().stream()
                .flatMap(route -> route.match().stream())
                .flatMap(match ->
                        Stream.concat(match.headers().keySet().stream(), match.withoutHeaders().keySet().stream()))
                .anyMatch(name -> ClaimName.of(name) != null);
        if (!asked || !findings.isComplete()) {
            return;
        }
        SecurityRules rules = snapshot.rules().security();
        GatewayChecks.proxies(gateway, snapshot).stream()
                .filter(pod ->
                        rules.authentications(pod.namespace(), pod.labels()).isEmpty())
                .findFirst()
                .ifPresent(pod -> findings.warning(
                        object,
                        path,
                        "no RequestAuthentication holds for pod " + pod.namespace() + "/" + pod.name() + " of "
                                + gateway.objectName() + ": it verifies no token, so that no request has a claim"));
    }

    /** At least one host must be one that the gateway's servers take. */
    private void allowed(ConfigObject<Gateway> gateway, String path) {
        for (Gateway.Server server : gateway.spec().servers()) {
            for (String host : server.hosts()) {
                int slash = host.indexOf('/');
                String namespace = slash < 0 ? "*" : host.substring(0, slash);
                boolean invited = namespace.equals("*")
                        || (namespace.equals(".") ? gateway.namespace() : namespace).equals(object.namespace());
                if (!invited) {
                    continue;
                }
                String pattern = host.substring(slash + 1).toLowerCase(Locale.ROOT);
                for (String own : object.spec().hosts()) {
                    if (Hosts.overlap(pattern, Hosts.resolve(own, object.namespace(), snapshot.domain()))) {
                        return;
                    }
                }
            }
        }
        findings.error(
                object, path, gateway.objectName() + " (" + gateway.origin().at() + ") serves none of these hosts");
    }
}
