package dev.lateen.control.gateway;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.kubernetes.GatewayClassSpec;
import dev.lateen.config.kubernetes.GatewaySpec;
import dev.lateen.control.inject.InjectionSettings;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.gatewayapi.Converter;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes proxies for Gateways of the mesh's classes that name no existing ones, and the class {@code istio} where nobody
 * else did. What is made belongs to its Gateway and goes with it. Used by one thread, the leader's.
 */
public final class ManagedGateways {
    private static final Logger log = LoggerFactory.getLogger(ManagedGateways.class);

    private final KubernetesClient client;
    private final String systemNamespace;
    /** What was made for each Gateway, as text. */
    private final Map<ObjectName, List<String>> made = new HashMap<>();

    private Snapshot seen = Snapshot.empty();

    public ManagedGateways(KubernetesClient client, String systemNamespace) {
        this.client = client;
        this.systemNamespace = systemNamespace;
    }

    /** Brings the cluster to what the snapshot asks for; what fails is tried again with the next call. */
    @SuppressWarnings("ReferenceEquality")
    public void run(Snapshot snapshot) {
        if (snapshot == seen) {
            return;
        }
        List<ConfigObject<GatewaySpec>> wanted = snapshot.rules().ofKubernetes().managed();
        made.keySet().removeIf(name -> !snapshot.config().containsKey(name));
        if (!wanted.isEmpty()) {
            gatewayClass(snapshot);
            InjectionSettings settings = settings();
            wanted.forEach(gateway -> make(gateway, settings));
        }
        seen = snapshot;
    }

    private void gatewayClass(Snapshot snapshot) {
        ObjectName name = new ObjectName(Kinds.GATEWAY_CLASS.key(), "", Converter.CLASS);
        if (snapshot.config().containsKey(name)) {
            return;
        }
        GenericKubernetesResource gatewayClass = new GenericKubernetesResourceBuilder()
                .withApiVersion(Kinds.GATEWAY_CLASS.apiVersion())
                .withKind(Kinds.GATEWAY_CLASS.name())
                .withNewMetadata()
                .withName(Converter.CLASS)
                .endMetadata()
                .addToAdditionalProperties("spec", Map.of("controllerName", GatewayClassSpec.CONTROLLER))
                .build();
        if (client.resource(gatewayClass).get() == null) {
            client.resource(gatewayClass).create();
            log.info("Made GatewayClass {}", Converter.CLASS);
        }
    }

    private InjectionSettings settings() {
        InjectionSettings defaults = InjectionSettings.defaults(systemNamespace);
        ConfigMap values = client.configMaps()
                .inNamespace(systemNamespace)
                .withName("istio-sidecar-injector")
                .get();
        return values == null
                ? defaults
                : defaults.with(new JsonMapper().readTree(values.getData().getOrDefault("values", "{}")));
    }

    private void make(ConfigObject<GatewaySpec> gateway, InjectionSettings settings) {
        List<HasMetadata> objects = GatewayManifest.of(gateway, settings);
        List<String> texts = objects.stream().map(Serialization::asJson).toList();
        if (texts.equals(made.get(gateway.objectName()))) {
            return;
        }
        for (HasMetadata object : objects) {
            HasMetadata current = client.resource(object).get();
            if (current == null) {
                client.resource(object).create();
            } else {
                client.resource(object).patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(object));
            }
        }
        made.put(gateway.objectName(), texts);
        log.info("Made proxies for {}", gateway.objectName());
    }
}
