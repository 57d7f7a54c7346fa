# frozen_string_literal: true

# Prints each machine's settings for each provider as JSON, as Vagrant reads them from the Vagrantfile. The providers
# need not be installed. `ruby probe.rb FOLDER PROVIDER…`

require 'json'
require 'vagrant'

# The configuration of providers that Vagrant does not include: it records its settings.
class Recorded < Vagrant.plugin('2', :config)
  attr_accessor :memory, :cpus, :driver, :linked_clone

  def vmx = @vmx ||= {}
end

class Missing < Vagrant.plugin('2')
  name 'providers that are not installed'
  %i[vmware_desktop parallels libvirt].each do |provider|
    next if Vagrant.plugin('2').manager.providers.key?(provider)

    provider(provider) { Class.new(Vagrant.plugin('2', :provider)) }
    config(provider, :provider) { Recorded }
  end
end

# Each provider stores its settings in its own way.
def numbers(given)
  case given.class.name
  when /VirtualBox/
    words = given.customizations.to_h { |_, (_, _, option, value)| [option, value] }
    { memory: words['--memory'].to_i, cpus: words['--cpus'].to_i }
  when 'Recorded' then { memory: (given.memory || given.vmx['memsize']).to_i, cpus: (given.cpus || given.vmx['numvcpus']).to_i }
  else { memory: given.memory, cpus: given.cpus }
  end
end

def settings(config, given)
  vm = config.vm
  networks = vm.networks.reject { |_, options| options[:id] == 'ssh' }
  {
    hostname: vm.hostname, box: vm.box, version: vm.box_version, url: vm.box_url, checksum: vm.box_download_checksum,
    provisioners: vm.provisioners.map { |one| [one.type, one.config.approach] },
    synced: vm.synced_folders.count { |_, options| !options[:disabled] },
    forwarded: networks.select { |type, _| type == :forwarded_port }
                       .to_h { |_, options| ["#{options[:host_ip]}:#{options[:host]}", options[:guest]] },
    private: networks.filter_map { |type, options| options[:ip] if type == :private_network },
    numbers: numbers(given)
  }
end

folder, *providers = ARGV
environment = Vagrant::Environment.new(cwd: folder)
all = environment.machine_names.to_h do |name|
  made = providers.to_h do |provider|
    found = environment.vagrantfile.machine_config(name, provider.to_sym, environment.boxes, nil, false)
    [provider, settings(found[:config], found[:config].vm.get_provider_config(provider.to_sym))]
  end
  [name, made]
end
options = environment.vagrantfile.machine_names_and_options
puts JSON.generate(machines: all, options: options, primary: environment.primary_machine_name)
