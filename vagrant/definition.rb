# frozen_string_literal: true

require_relative 'box'

module TheAPP
  # Defines one machine with the same memory and CPUs for every provider. Vagrant ignores the settings of providers
  # that are not installed.
  module Definition
    def self.apply(config, machine)
      Box.apply(config.vm, Box.of(machine))
      config.vm.hostname = machine.name
      network(config.vm, machine)
      providers(config.vm, machine)
      config.vm.provision(:theapp) { |provisioner| provisioner.approach = machine.approach }
    end

    def self.network(vm, machine)
      machine.forward.each do |here, guest|
        # No other port if this one is in use: the approach prints this address.
        vm.network :forwarded_port, host: here, guest: guest, host_ip: '127.0.0.1', auto_correct: false
      end
      return unless machine.address

      name = "theapp-#{machine.approach}"
      # Between the machines only: VirtualBox allows arbitrary addresses only on internal networks.
      vm.network :private_network, ip: machine.address, virtualbox__intnet: name, libvirt__network_name: name,
                                   libvirt__forward_mode: 'none', libvirt__dhcp_enabled: false
    end

    def self.providers(vm, machine)
      %i[virtualbox parallels libvirt hyperv].each do |name|
        vm.provider(name) { |provider| provider.memory, provider.cpus = machine.memory, machine.cpus }
      end
      vm.provider(:virtualbox) { |provider| provider.linked_clone = true }
      vm.provider(:parallels) { |provider| provider.linked_clone = true }
      vm.provider(:hyperv) { |provider| provider.linked_clone = true }
      vm.provider(:vmware_desktop) do |provider|
        provider.vmx['memsize'], provider.vmx['numvcpus'] = machine.memory.to_s, machine.cpus.to_s
      end
      vm.provider(:libvirt) { |provider| libvirt(provider) }
    end

    def self.libvirt(provider)
      driver = ENV['THEAPP_LIBVIRT_DRIVER'].to_s
      provider.driver = driver unless driver.empty?
    end

    private_class_method :network, :providers, :libvirt
  end
end
