package dev.lateen.demo;

import java.io.IOException;

/** The mesh goes into the cluster. */
final class Install implements Chapter {
    @Override
    public String name() {
        return "install";
    }

    @Override
    public String title() {
        return "Install the mesh";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.leaveOut(Deviation.DOWNLOAD, "wget …; tar -zxvf …; sudo mv …/istioctl /usr/local/bin/");
        walk.leaveOut(
                Deviation.INSTALL, "helm install ./istio…/helm/istio --name istio --namespace istio-system --set …");
        walk.scenery().mesh(walk);
        Result install = walk.run(Deviation.INSTALL, walk.scenery().install());
        install.all()
                .lines()
                .filter(line -> line.startsWith("absent"))
                .forEach(line -> walk.absent(line.replaceFirst("^absent:? *", "")));
        walk.scenery().installed(walk);
        Result pods = walk.run("kubectl get pods -n istio-system");
        walk.claim("the control plane runs", pods.says("istiod-\\S+ +1/1 +Running"), pods.out());
        walk.claim("the ingress gateway runs", pods.says("istio-ingressgateway-\\S+ +1/1 +Running"), pods.out());
        Result kinds = walk.run(Deviation.PROOF, "kubectl get crd -o name");
        walk.claim(
                "VirtualService is a kind of this cluster",
                kinds.says("virtualservices.networking.istio.io"),
                kinds.out());
    }
}
