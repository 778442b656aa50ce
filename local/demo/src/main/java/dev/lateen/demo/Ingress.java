package dev.lateen.demo;

import java.io.IOException;

/** A service is offered to the outside at the gateway's address, for one host. */
final class Ingress implements Chapter {
    @Override
    public String name() {
        return "ingress";
    }

    @Override
    public String title() {
        return "Ingress gateway";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.scenery().needApps(walk);
        walk.run(Deviation.NOT_FOUND, "kubectl delete -f canary10percent.yaml --ignore-not-found");
        walk.run("kubectl create -f gateway.yaml");
        walk.run("export istioGwIp=$(kubectl get service istio-ingressgateway -n istio-system -o"
                + " jsonpath='{.status.loadBalancer.ingress[0].ip}')");
        walk.settle();
        String address = "$istioGwIp";
        if (walk.silently("kubectl get service istio-ingressgateway -n istio-system -o"
                        + " jsonpath='{.status.loadBalancer.ingress[0].ports[*].port}'")
                .out()
                .contains("8080")) {
            address = "$istioGwIp:8080";
        }
        Result answer = call(walk, address, "myweb-service.domain.com");
        walk.claim(
                "the gateway's address answers for the host",
                answer.out().startsWith("HTTP/1.1 200") && answer.says("Version [12] from "),
                answer.all());
        Result other = call(walk, address, "other.domain.com");
        walk.claim("another host gets 404", other.out().startsWith("HTTP/1.1 404"), other.all());
    }

    private static Result call(Walk walk, String address, String host) throws IOException, InterruptedException {
        String line = "curl -i -sS -m 10 " + address + " -H \"Host:" + host + "\"";
        return address.contains(":") ? walk.attempt(Deviation.PORT, line) : walk.attempt(line);
    }
}
