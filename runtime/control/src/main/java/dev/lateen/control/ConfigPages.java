package dev.lateen.control;

import dev.lateen.config.ConfigWriter;
import dev.lateen.config.Kinds;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.shape.ShapeWriter;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.rules.Rules;
import dev.lateen.xds.server.ClientStatus;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Pages of the rules: the objects, the mesh's settings, and what is wrong with them. */
final class ConfigPages {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final Supplier<Snapshot> snapshot;
    private final ProblemBoard problems;
    private final Supplier<List<ClientStatus>> proxies;

    ConfigPages(Supplier<Snapshot> snapshot, ProblemBoard problems, Supplier<List<ClientStatus>> proxies) {
        this.snapshot = snapshot;
        this.problems = problems;
        this.proxies = proxies;
    }

    Map<String, HttpPages.Page> pages() {
        return Map.of(
                "configz", _ -> DebugPages.json(configz()),
                "mesh", _ -> DebugPages.json(mesh()),
                "authorizationz", _ -> DebugPages.json(authorization()),
                "problems", _ -> DebugPages.json(problems()),
                "push_status", _ -> DebugPages.json(PushStatus.of(snapshot.get(), proxies.get())));
    }

    private JsonNode configz() {
        ArrayNode all = NODES.arrayNode();
        snapshot.get().config().values().forEach(object -> all.add(ConfigWriter.toTree(object)));
        return all;
    }

    /** What is set, and what holds where that says nothing of the mesh's names. */
    private JsonNode mesh() {
        Snapshot now = snapshot.get();
        MeshConfig mesh = now.mesh();
        ObjectNode page = ShapeWriter.write(mesh);
        page.put("rootNamespace", mesh.effectiveRootNamespace());
        page.put("trustDomain", mesh.trustDomain().isEmpty() ? Snapshot.CLUSTER_DOMAIN : mesh.trustDomain());
        ObjectNode outbound = page.withObjectProperty("outboundTrafficPolicy");
        outbound.put("mode", (mesh.registryOnly() ? MeshConfig.Mode.REGISTRY_ONLY : MeshConfig.Mode.ALLOW_ANY).name());
        return page;
    }

    private JsonNode authorization() {
        Snapshot now = snapshot.get();
        ObjectNode page = NODES.objectNode();
        ObjectNode policies = page.putObject("authorization_policies");
        ObjectNode byNamespace = policies.putObject("namespace_to_policies");
        Rules.select(now.config().values(), Kinds.AUTHORIZATION_POLICY).values().stream()
                .sorted(java.util.Comparator.comparing(
                        object -> object.objectName().toString()))
                .forEach(object -> {
                    ObjectNode one =
                            byNamespace.withArrayProperty(object.namespace()).addObject();
                    one.put("name", object.name());
                    one.put("namespace", object.namespace());
                    ObjectNode annotations = one.putObject("annotations");
                    object.metadata().annotations().forEach(annotations::put);
                    one.set("spec", ShapeWriter.write(object.spec()));
                });
        policies.put("root_namespace", now.mesh().effectiveRootNamespace());
        return page;
    }

    private JsonNode problems() {
        ArrayNode all = NODES.arrayNode();
        problems.all().forEach((object, list) -> {
            ArrayNode lines = all.addObject().put("object", object.toString()).putArray("problems");
            list.forEach(problem -> lines.add(problem.toString()));
        });
        return all;
    }
}
